import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Audience } from "../../core/audience.ts";
import { priorities } from "../../core/flow/priority.ts";
import type { JsonObject } from "../../core/json.ts";
import { newId } from "../../operations/new-id.ts";
import { insertBroadcast } from "../../storage/broadcasts.ts";
import { flowWith, makeContacts, startable } from "../../testing/broadcast-fixture.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestEngine, type TestEngine } from "../../testing/engine.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`truncate event, event_queue, outbox, run, trail, event_outcome, admission, contact, membership, flow, flow_version, broadcast, schedule, flow_pace, flow_day cascade`;
});

afterAll(() => database.drop());

async function start(options: Partial<Parameters<typeof createTestEngine>[0]> = {}): Promise<TestEngine> {
  const engine = await createTestEngine({ sql: database.sql, ...options });
  engines.push(engine);
  return engine;
}

type Broadcasting = { flowId: string; audience?: Audience | null; variables?: JsonObject };

async function broadcast(
  { workspaceId, clock, engine }: TestEngine,
  { flowId, audience = null, variables = {} }: Broadcasting,
): Promise<string> {
  const id = newId();
  await insertBroadcast(database.sql, {
    ...{ id, workspaceId, flowId, entry: "begin", cause: "api", audience, variables, priority: priorities.low },
    ...{ windowFrom: null, windowTo: null, state: "running", reason: null, createdBy: "test", createdAt: clock.now },
  });
  engine.poke();
  return id;
}

async function read(id: string) {
  const [row] = await database.sql`select state, reason, queued, expected, cursor from broadcast where id = ${id}`;
  return row;
}

async function starts() {
  const [row] = await database.sql`
    select count(*)::int as runs, count(distinct contact_id)::int as contacts, (select count(*)::int from event_queue) as queued from run`;
  return row;
}

test("starts everyone whom a condition holds for, once, with the variables and at low priority", async () => {
  const engine = await start();
  await makeContacts(database.sql, { workspaceId: engine.workspaceId, count: 500 });
  const flowId = await engine.publish(
    flowWith({
      kind: "start",
      config: { variables: { coupon: { type: "string" }, level: { type: "number", default: 1 } } },
    }),
  );
  const where = { field: "contact.tags", operator: "includesAny", value: ["tenth"] };
  const id = await broadcast(engine, { flowId, audience: { where }, variables: { coupon: "SPRING" } });
  await engine.settle();
  expect(engine.errors).toEqual([]);
  expect(await starts()).toEqual({ runs: 50, contacts: 50, queued: 0 });
  expect(await read(id)).toMatchObject({ state: "done", queued: 50, expected: null });
  const [run] = await database.sql`select distinct event, priority, entry from run`;
  expect(run).toEqual({ event: { coupon: "SPRING", level: 1 }, priority: 2, entry: "begin" });
  const [event] = await database.sql`select distinct source, client from event`;
  expect(event).toEqual({ source: "broadcast", client: { broadcast: id, cause: "api" } });
});

test("starts those who have done something, and those outside a segment, by a condition", async () => {
  const engine = await start();
  const { workspaceId } = engine;
  await makeContacts(database.sql, { workspaceId, count: 20 });
  for (const externalId of ["c3", "c4"]) await engine.record({ name: "paid", identity: { externalId } });
  const segment = newId();
  await database.sql`
    insert into segment_member (lane, contact_id, segment_id, workspace_id, entered_at)
    select lane, id, ${segment}, workspace_id, now() from contact where workspace_id = ${workspaceId} and external_id = 'c4'`;
  const flowId = await engine.publish(flowWith(startable));
  await broadcast(engine, { flowId, audience: { where: { and: [{ event: "paid" }, { not: { segment } }] } } });
  await engine.settle();
  const rows = await database.sql`
    select c.external_id as who from run r join contact c on c.lane = r.lane and c.id = r.contact_id where r.flow_id = ${flowId}`;
  expect(rows).toEqual([{ who: "c3" }]);
});

test("starts those subscribed to a list, and says how many they are", async () => {
  const engine = await start();
  await makeContacts(database.sql, { workspaceId: engine.workspaceId, count: 100 });
  const list = newId();
  await database.sql`insert into list (id, workspace_id, name, created_at) values (${list}, ${engine.workspaceId}, 'Some', now())`;
  await database.sql`
    insert into membership (lane, contact_id, list_id, workspace_id, state, joined_at, updated_at)
    select lane, id, ${list}, workspace_id, case when tags = '{}' then 'subscribed' else 'unsubscribed' end, now(), now() from contact`;
  const flowId = await engine.publish(flowWith(startable));
  const id = await broadcast(engine, { flowId, audience: { list } });
  await engine.settle();
  expect(await starts()).toMatchObject({ runs: 90, contacts: 90 });
  expect(await read(id)).toMatchObject({ state: "done", queued: 90, expected: 90 });
});

test("ten thousand contacts on two engines start once each, and the lines stay short", async () => {
  const one = await start();
  const two = await start({ beside: one });
  await makeContacts(database.sql, { workspaceId: one.workspaceId, count: 10_000 });
  const flowId = await one.publish(flowWith(startable));
  const before = performance.now();
  const id = await broadcast(one, { flowId });
  two.engine.poke();
  let longest = 0;
  const watch = setInterval(async () => {
    const [row] =
      await database.sql`select coalesce(max(n), 0)::int as n from (select count(*) as n from event_queue group by lane) as lanes`;
    longest = Math.max(longest, row?.["n"] ?? 0);
  }, 20);
  for (let round = 0; round < 3; round += 1) for (const engine of [one, two]) await engine.settle();
  clearInterval(watch);
  const seconds = (performance.now() - before) / 1000;
  expect([...one.errors, ...two.errors]).toEqual([]);
  expect(await starts()).toEqual({ runs: 10_000, contacts: 10_000, queued: 0 });
  expect(await read(id)).toMatchObject({ state: "done", queued: 10_000 });
  expect(longest).toBeLessThan(300);
  expect(seconds).toBeLessThan(60);
}, 90_000);

test("goes on where it stood when the process ended in the middle of a chunk", async () => {
  const engine = await start();
  await makeContacts(database.sql, { workspaceId: engine.workspaceId, count: 3000 });
  const flowId = await engine.publish(flowWith(startable));
  // The second chunk ends the connection just before its commit.
  await database.sql.unsafe(`
    create sequence moves;
    create function kill_second() returns trigger language plpgsql as $$ begin
      if new.queued > old.queued and nextval('moves') = 2 then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$;
    create trigger kill_second before update on broadcast for each row execute function kill_second()`);
  const id = await broadcast(engine, { flowId });
  await expect.poll(() => engine.errors.length).toBeGreaterThan(0);
  await engine.stop();
  const heir = await start({ beside: engine });
  await heir.advanceTo(new Date(heir.clock.now.getTime() + 60_000));
  await database.sql.unsafe("drop trigger kill_second on broadcast; drop function kill_second(); drop sequence moves");
  expect(await starts()).toEqual({ runs: 3000, contacts: 3000, queued: 0 });
  expect(await read(id)).toMatchObject({ state: "done", queued: 3000 });
});

test("one that is cancelled or paused moves no more; one that is resumed ends", async () => {
  const engine = await start();
  await makeContacts(database.sql, { workspaceId: engine.workspaceId, count: 2500 });
  const flowId = await engine.publish(flowWith(startable, { admission: { rate: { count: 100, per: "second" } } }));
  const id = await broadcast(engine, { flowId });
  await engine.settle();
  const later = (seconds: number) => engine.advanceTo(new Date(engine.clock.now.getTime() + seconds * 1000));
  expect(await read(id)).toMatchObject({ state: "running", queued: 100 });
  await database.sql`update broadcast set state = 'paused' where id = ${id}`;
  await later(10);
  expect(await read(id)).toMatchObject({ queued: 100 });
  await database.sql`update broadcast set state = 'running' where id = ${id}`;
  await later(1);
  expect(await read(id)).toMatchObject({ queued: 200 });
  await database.sql`update broadcast set state = 'cancelled', ended_at = now() where id = ${id}`;
  await later(10);
  expect(await starts()).toMatchObject({ runs: 200, contacts: 200 });
});

test("keeps to the rate of the flow over several broadcasts", async () => {
  const engine = await start();
  await makeContacts(database.sql, { workspaceId: engine.workspaceId, count: 40 });
  const flowId = await engine.publish(flowWith(startable, { admission: { rate: { count: 60, per: "hour" } } }));
  await broadcast(engine, { flowId });
  await broadcast(engine, { flowId });
  await engine.settle();
  const from = engine.clock.now.getTime();
  for (let minute = 1; minute <= 30; minute += 1) await engine.advanceTo(new Date(from + minute * 60_000));
  const runs = await database.sql<{ at: Date }[]>`select started_at as at from run order by 1`;
  expect(runs.map(({ at }) => (at.getTime() - from) / 60_000)).toEqual(Array.from({ length: 31 }, (_, n) => n));
});

test("lets no more in a day than the cap allows, over two engines, and says so of the others", async () => {
  const one = await start();
  const two = await start({ beside: one });
  await makeContacts(database.sql, { workspaceId: one.workspaceId, count: 3000 });
  const flowId = await one.publish(flowWith(startable, { admission: { perDay: 700 } }));
  await broadcast(one, { flowId });
  two.engine.poke();
  for (let round = 0; round < 3; round += 1) for (const engine of [one, two]) await engine.settle();
  expect([...one.errors, ...two.errors]).toEqual([]);
  const outcomes =
    await database.sql`select outcome, reason, count(*)::int from event_outcome group by 1, 2 order by 3`;
  expect(outcomes).toEqual([
    { outcome: "started", reason: null, count: 700 },
    { outcome: "not_started", reason: "daily_cap", count: 2300 },
  ]);
  await one.advanceTo(new Date("2026-03-02T00:00:00Z"));
  await broadcast(one, { flowId });
  await one.settle();
  await two.settle();
  expect(await database.sql`select day::text, started from flow_day order by 1`).toEqual([
    { day: "2026-03-01", started: 700 },
    { day: "2026-03-02", started: 700 },
  ]);
});

test("a broadcast of a paused flow waits; one whose entry is gone fails, and says why", async () => {
  const engine = await start();
  await makeContacts(database.sql, { workspaceId: engine.workspaceId, count: 10 });
  const flowId = await engine.publish(flowWith(startable));
  await database.sql`update flow set status = 'paused' where id = ${flowId}`;
  const id = await broadcast(engine, { flowId });
  await engine.settle();
  expect(await read(id)).toMatchObject({ state: "running", queued: 0 });
  const entries = { other: { ...startable, next: "done" } };
  await engine.publishNext(flowId, { ...flowWith(startable), entries });
  await engine.advanceTo(engine.clock.now);
  expect(await read(id)).toMatchObject({ state: "failed", reason: "entry_missing", queued: 0 });
});

test("a chunk that fails is tried again, later each time, and does not hold up other broadcasts", async () => {
  const engine = await start();
  await makeContacts(database.sql, { workspaceId: engine.workspaceId, count: 10 });
  const flowId = await engine.publish(flowWith(startable));
  const where = { field: "contact.tags", operator: "noSuchOperator", value: 1 };
  const bad = await broadcast(engine, { flowId, audience: { where } });
  const good = await broadcast(engine, { flowId });
  await engine.settle();
  expect(await read(good)).toMatchObject({ state: "done", queued: 10 });
  for (let n = 0; n < 10; n += 1) await engine.advanceTo(new Date(engine.clock.now.getTime() + 600_000));
  expect(await read(bad)).toMatchObject({ state: "failed", reason: "internal_error", queued: 0 });
});
