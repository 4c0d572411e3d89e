import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { newId } from "../operations/new-id.ts";
import type { OutboxKey } from "../storage/outbox.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { Heart, type HeartOptions } from "./heart.ts";

let database: TestDatabase;
let worker: string;
let held: OutboxKey[];
let dropped: number;
let resumed: number;
const hearts: Heart[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

beforeEach(async () => {
  await database.sql`truncate outbox, worker`;
  worker = newId();
  held = [];
  dropped = 0;
  resumed = 0;
});

afterEach(async () => {
  for (const heart of hearts.splice(0)) await heart.stop();
});

afterAll(() => database.drop());

async function start(options: Partial<HeartOptions> = {}): Promise<Heart> {
  const queue = {
    held: () => held,
    drop() {
      dropped += 1;
      return held.splice(1);
    },
    resume() {
      resumed += 1;
    },
  };
  const heart = new Heart({
    ...{ sql: database.sql, worker, roles: ["engine"], queues: [queue], heartbeatMs: 10, deadAfterMs: 60_000 },
    onError: () => undefined,
    ...options,
  });
  hearts.push(heart);
  await heart.start();
  return heart;
}

async function lease(leasedBy: string): Promise<OutboxKey> {
  const key = { lane: 1, runId: newId(), visit: 1, ordinal: 0 };
  const id = newId();
  await database.sql`
    insert into outbox (lane, run_id, visit, ordinal, kind, workspace_id, contact_id, flow_id, version, step, data, awaited, first_due_at, due_at, leased_by)
    values (1, ${key.runId}, 1, 0, 'http', ${id}, ${id}, ${id}, 1, 'call', '{}', true, now(), now(), ${leasedBy})`;
  return key;
}

const leased = async () =>
  (await database.sql`select run_id as "runId" from outbox where leased_by is not null`).map((row) => row["runId"]);

async function beats(count: number): Promise<void> {
  const from = resumed;
  await expect.poll(() => resumed - from).toBeGreaterThanOrEqual(count);
}

test("says that the process lives, and has the queues look into the outbox at every beat", async () => {
  await start();
  const [row] = await database.sql`select id from worker`;
  expect(row).toEqual({ id: worker });
  await beats(3);
});

test("frees what processes held that are not there, or were silent for too long", async () => {
  const silent = newId();
  await database.sql`insert into worker (id, roles, started_at, seen_at) values (${silent}, '{}', now(), now() - interval '2 minutes')`;
  await lease(silent);
  await lease(newId());
  const own = await lease(worker);
  await start();
  expect(await leased()).toEqual([own.runId]);
});

test("gives back leases that no queue knows of, but only once something has failed", async () => {
  const known = await lease(worker);
  const unknown = await lease(worker);
  held = [known];
  const heart = await start();
  await beats(3);
  expect(new Set(await leased())).toEqual(new Set([known.runId, unknown.runId]));
  heart.suspect();
  await expect.poll(leased).toEqual([known.runId]);
  await beats(3);
  expect(await leased()).toEqual([known.runId]);
});

test("after a long silence what was not begun is given back, and what was begun is kept", async () => {
  held = [await lease(worker), await lease(worker)];
  const [begun] = held;
  await start({ deadAfterMs: 200, heartbeatMs: 400 });
  await expect.poll(() => dropped).toBeGreaterThan(0);
  await expect.poll(leased).toEqual([begun?.runId]);
});

test("a process that was never heard must not begin anything", () => {
  const heart = new Heart({
    sql: database.sql,
    worker,
    roles: [],
    queues: [],
    heartbeatMs: 10,
    deadAfterMs: 10,
    onError: () => undefined,
  });
  expect(heart.isHeard()).toBe(false);
});

test("a beat that fails is reported, and the next one is made", async () => {
  const errors: unknown[] = [];
  const heart = await start({ onError: (error) => errors.push(error) });
  await database.sql`alter table worker rename to away`;
  await expect.poll(() => errors.length).toBeGreaterThan(0);
  await database.sql`alter table away rename to worker`;
  await beats(2);
  await heart.stop();
});
