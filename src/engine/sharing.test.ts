import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { deferred, fakeHttp } from "../testing/fake-http.ts";
import { definitionOf, registryWith } from "../testing/flow-fixture.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`truncate event_queue, outbox, run, trail, event_outcome, admission, message, message_event, flow, flow_version cascade`;
});

afterAll(() => database.drop());

async function start(options: Partial<Parameters<typeof createTestEngine>[0]> = {}): Promise<TestEngine> {
  const engine = await createTestEngine({ sql: database.sql, ...options });
  engines.push(engine);
  return engine;
}

const allLanes = Array.from({ length: 64 }, (_, lane) => lane);
const end = { kind: "end", config: {} };
const call = { kind: "http-action", config: { method: "POST", url: "http://127.0.0.1:9/" } };
const person = (index: number) => ({ email: `p${index}@example.com` });

async function settleAll(...all: TestEngine[]): Promise<void> {
  for (let round = 0; round < 3; round += 1) for (const engine of all) await engine.settle();
}

async function counts() {
  const [row] = await database.sql`
    select (select count(*)::int from run) as runs, (select count(*)::int from run where ended_at is null) as live,
           (select count(*)::int from event_queue) as queued, (select count(*)::int from outbox) as outbox,
           (select count(*)::int from outbox where leased_by is not null) as leased`;
  return row;
}

test("two engines on one database share the work, and each event takes effect once", async () => {
  const http = fakeHttp();
  const one = await start({ http: http.performer });
  const two = await start({ http: http.performer, beside: one });
  const flow = await one.publish(
    definitionOf(
      { call: { ...call, exits: { success: "done", error: "done" } }, done: end },
      { reentry: { mode: "always", key: "{{ event.n }}" } },
    ),
  );
  const events = Array.from({ length: 400 }, (_, n) => ({ name: "go", identity: person(n % 40), payload: { n } }));
  for (let from = 0; from < events.length; from += 50) {
    const engine = from % 100 === 0 ? one : two;
    await engine.record(...events.slice(from, from + 50));
    one.engine.signal(allLanes);
    two.engine.signal(allLanes);
  }
  await settleAll(one, two);
  expect([...one.errors, ...two.errors]).toEqual([]);
  expect(await counts()).toEqual({ runs: 400, live: 0, queued: 0, outbox: 0, leased: 0 });
  const outcomes =
    await database.sql`select outcome, count(*)::int, count(distinct event_id)::int as events from event_outcome where flow_id = ${flow} group by 1`;
  expect(outcomes).toEqual([{ outcome: "started", count: 400, events: 400 }]);
  expect(new Set(http.keys).size).toBe(400);
  expect(http.keys).toHaveLength(400);
});

test("the order of each contact's events holds while two engines work", async () => {
  const one = await start();
  const two = await start({ beside: one });
  await one.publish(
    definitionOf(
      {
        note: {
          kind: "update-contact",
          config: { properties: { seen: "{{ contact.seen }},{{ event.n }}" } },
          exits: { next: null },
        },
      },
      { reentry: { mode: "always" } },
    ),
  );
  const contacts = 20;
  for (let n = 0; n < 15; n += 1) {
    const engine = n % 2 === 0 ? one : two;
    await engine.record(
      ...Array.from({ length: contacts }, (_, index) => ({ name: "go", identity: person(index), payload: { n } })),
    );
    one.engine.signal(allLanes);
    two.engine.signal(allLanes);
  }
  await settleAll(one, two);
  const rows = await database.sql`select distinct properties->>'seen' as seen from contact where properties ? 'seen'`;
  expect(rows).toEqual([{ seen: Array.from({ length: 15 }, (_, n) => `,${n}`).join("") }]);
});

test("events of a contact that is gone start nothing, and say why; its runs end", async () => {
  const engine = await start();
  await engine.publish(
    definitionOf(
      { wait: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: null } } },
      { reentry: { mode: "always", whileRunning: "beside" } },
    ),
  );
  await engine.record({ name: "go", identity: person(900) });
  await engine.settle();
  const [run] = await database.sql`select lane, contact_id as "contactId" from run`;
  await engine.engine.stop();
  await engine.record({ name: "go", identity: person(900) });
  await database.sql`delete from contact where id = ${run?.["contactId"]}`;
  const next = await start({ beside: engine });
  await next.advanceTo(new Date("2026-03-01T12:00:00Z"));
  expect(await database.sql`select status, reason from run`).toEqual([{ status: "failed", reason: "contact_deleted" }]);
  expect(await database.sql`select outcome, reason from event_outcome order by at desc limit 1`).toEqual([
    { outcome: "not_started", reason: "contact_deleted" },
  ]);
  expect(await counts()).toMatchObject({ queued: 0, live: 0 });
});

test("a step that throws fails its run only, and is reported with contact and run", async () => {
  const kinds = registryWith(({ contact }) => {
    if (contact.email === "p901@example.com") throw new Error("Bug");
    return { kind: "go", exit: "next" };
  });
  const engine = await start({ kinds });
  await engine.publish(definitionOf({ odd: { kind: "odd", config: {}, exits: { next: null } } }));
  await engine.record(...[900, 901, 902].map((index) => ({ name: "go", identity: person(index) })));
  await engine.settle();
  expect(await database.sql`select status, reason, count(*)::int from run group by 1, 2 order by 1`).toEqual([
    { status: "completed", reason: null, count: 2 },
    { status: "failed", reason: "internal_error", count: 1 },
  ]);
  expect(engine.errors).toMatchObject([
    { err: { message: "Bug" }, contactId: expect.any(String), runIds: [expect.any(String)] },
  ]);
});

test("a graceful stop finishes what is in hand and gives back the rest, and the next process goes on", async () => {
  const gate = deferred();
  const http = fakeHttp({ concurrency: 2, wait: () => gate.promise });
  const one = await start({ http: http.performer });
  await one.publish(definitionOf({ call: { ...call, exits: { success: "done", error: "done" } }, done: end }));
  await one.record(...Array.from({ length: 10 }, (_, n) => ({ name: "go", identity: person(n) })));
  await http.begun(2);
  const stop = one.stop();
  gate.resolve();
  await stop;
  expect(http.keys).toHaveLength(2);
  expect(await counts()).toMatchObject({ runs: 10, live: 10, outbox: 10, leased: 0 });
  const workers = await database.sql`select id from worker where id = ${one.engine.worker}`;
  expect(workers).toHaveLength(0);
  const two = await start({ beside: one, http: http.performer });
  await two.settle();
  expect(http.keys).toHaveLength(10);
  expect(new Set(http.keys).size).toBe(10);
  expect(await counts()).toEqual({ runs: 10, live: 0, queued: 0, outbox: 0, leased: 0 });
});

test("a signal that comes while the engine stops neither hangs the stop nor is lost", async () => {
  const one = await start();
  await one.publish(definitionOf({ done: end }));
  const events = Array.from({ length: 30 }, (_, n) => one.record({ name: "go", identity: person(n) }));
  const stop = one.stop();
  one.engine.signal(allLanes);
  await Promise.all(events);
  one.engine.signal(allLanes);
  await stop;
  const two = await start({ beside: one });
  await two.settle();
  expect(await counts()).toMatchObject({ runs: 30, live: 0, queued: 0 });
});

test("a pass whose connection dies leaves everything as it was, and is made again", async () => {
  const engine = await start({ tuning: { concurrentPasses: 1 } });
  await engine.publish(definitionOf({ call: { ...call, exits: { success: "done", error: "done" } }, done: end }));
  await engine.settle();
  // A trigger is in the middle of the pass: it ends the first connection that writes a run.
  await database.sql`create table if not exists killed (pid int)`;
  await database.sql.unsafe(`
    create or replace function kill_once() returns trigger language plpgsql as $$ begin
      if pg_try_advisory_lock(4242) then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$;
    create trigger kill_once before insert on run for each row execute function kill_once()`);
  const guard = await database.sql.reserve();
  try {
    await engine.record({ name: "go", identity: person(950) });
    await expect.poll(() => engine.errors.length).toBeGreaterThan(0);
    expect(await counts()).toMatchObject({ runs: 0, queued: 1, outbox: 0 });
    await guard`select pg_advisory_lock(4242)`;
    await engine.settle();
    expect(await counts()).toMatchObject({ runs: 1, live: 0, queued: 0, outbox: 0 });
  } finally {
    await guard`select pg_advisory_unlock(4242)`;
    guard.release();
    await database.sql.unsafe("drop trigger kill_once on run; drop function kill_once()");
  }
});

test("work that nobody signals is found by the sweep", async () => {
  const engine = await start({ tuning: { sweepMs: 20 } });
  await engine.publish(definitionOf({ done: end }));
  const deaf = await createTestEngine({ sql: database.sql, beside: engine, tuning: { sweepMs: 1_000_000 } });
  await deaf.stop();
  await deaf.record({ name: "go", identity: person(960) });
  await expect.poll(async () => (await counts())?.["runs"], { timeout: 5000 }).toBe(1);
});

test("idle means that a chain of calls, each asked for by the answer before, is through", async () => {
  const http = fakeHttp();
  const engine = await start({ http: http.performer });
  const chain = Array.from({ length: 6 }, (_, n) => [
    `c${n}`,
    { ...call, exits: { success: n < 5 ? `c${n + 1}` : null, error: null } },
  ]);
  await engine.publish(definitionOf(Object.fromEntries(chain)));
  await engine.record({ name: "go", identity: person(970) });
  await engine.settle();
  expect(await database.sql`select status, visit from run`).toEqual([{ status: "completed", visit: 7 }]);
});

test("a run that takes more steps than one pass allows goes on by itself", async () => {
  const kinds = registryWith(({ visit }) => (visit < 400 ? { kind: "go", exit: "next" } : { kind: "end" }));
  const engine = await start({ kinds });
  await engine.publish(definitionOf({ odd: { kind: "odd", config: {}, exits: { next: "odd" } } }));
  await engine.record({ name: "go", identity: person(980) });
  await engine.settle();
  expect(await database.sql`select status, visit from run`).toEqual([{ status: "completed", visit: 400 }]);
});
