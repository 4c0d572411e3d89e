import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { newId } from "../operations/new-id.ts";
import { connect, type Sql } from "../storage/database.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { deferred, fakeHttp } from "../testing/fake-http.ts";
import { definitionOf } from "../testing/flow-fixture.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const spy = connect(database.url, { max: 1, applicationName: "spy" });
  setInterval(async () => {
    const rows = await spy`select pid, application_name, state, wait_event_type, wait_event, now() - xact_start as age, left(query, 150) as query, pg_blocking_pids(pid) as blocked from pg_stat_activity where datname = current_database() and application_name <> 'spy' and now() - coalesce(xact_start, now()) > interval '2 seconds'`;
    console.log("SPY", new Date().toISOString(), JSON.stringify(rows.slice(0, 12)), engines.map((e) => JSON.stringify({ l: (e.engine as any).isIdleDebug?.() })));
  }, 3000).unref();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`truncate event_queue, outbox, run, trail, event_outcome, admission, worker, flow, flow_version cascade`;
});

afterAll(() => database.drop());

async function start(options: Partial<Parameters<typeof createTestEngine>[0]> = {}): Promise<TestEngine> {
  const engine = await createTestEngine({ sql: database.sql, ...options });
  engines.push(engine);
  return engine;
}

const callFlow = definitionOf({
  call: {
    kind: "http-action",
    config: { method: "POST", url: "http://127.0.0.1:9/" },
    exits: { success: "done", error: "done" },
  },
  done: { kind: "end", config: {} },
});

async function go(engine: TestEngine, count: number): Promise<void> {
  await engine.record(
    ...Array.from({ length: count }, (_, n) => ({ name: "go", identity: { email: `p${n}@example.com` } })),
  );
}

const runs = () => database.sql`select status, steps, count(*)::int from run group by 1, 2 order by 3`;
const leases = async () =>
  (await database.sql`select leased_by as worker, count(*)::int from outbox group by 1 order by 1`).map((row) => [
    row["worker"],
    row["count"],
  ]);
const completed = (count: number) => [{ status: "completed", steps: { call: { status: 200 } }, count }];

test("effects are born leased to the process that decided them, and those over its capacity are claimed later", async () => {
  const gate = deferred();
  const http = fakeHttp({ wait: () => gate.promise });
  const engine = await start({ http: http.performer, tuning: { maxHeld: 4, concurrentPasses: 1 } });
  await engine.publish(callFlow);
  await go(engine, 20);
  await http.begun(4);
  await expect.poll(leases).toEqual([
    [engine.engine.worker, 4],
    [null, 16],
  ]);
  gate.resolve();
  await engine.settle();
  expect(await runs()).toEqual(completed(20));
  expect(new Set(http.keys).size).toBe(20);
  expect(http.keys).toHaveLength(20);
});

test("a retry waits for its time, with the same key and one more attempt", async () => {
  const seen: number[] = [];
  const http = fakeHttp({
    next: (effect) => {
      seen.push(effect.attempt);
      return effect.attempt > 1
        ? {}
        : { next: { kind: "retry", attempt: effect.attempt + 1, at: new Date(engine.clock.now.getTime() + 60_000) } };
    },
  });
  const engine = await start({ http: http.performer });
  await engine.publish(callFlow);
  await go(engine, 1);
  await engine.settle();
  await engine.advanceTo(new Date("2026-03-01T10:00:59Z"));
  expect(seen).toEqual([0]);
  await engine.advanceTo(new Date("2026-03-01T10:01:00Z"));
  await engine.advanceTo(new Date("2026-03-01T10:05:00Z"));
  expect(seen).toEqual([0, 1, 2]);
  expect(new Set(http.keys).size).toBe(1);
  expect(await runs()).toEqual(completed(1));
});

test("a retry that is due at once is made at once", async () => {
  const http = fakeHttp({
    next: (effect) =>
      effect.attempt > 4 ? {} : { next: { kind: "retry", attempt: effect.attempt + 1, at: engine.clock.now } },
  });
  const engine = await start({ http: http.performer });
  await engine.publish(callFlow);
  await go(engine, 3);
  await engine.settle();
  expect(http.keys).toHaveLength(18);
  expect(await runs()).toEqual(completed(3));
});

test("what a dead process held is taken over, and what a living one holds is not", async () => {
  const held = fakeHttp({ wait: () => new Promise(() => undefined) });
  const gate = deferred();
  const living = fakeHttp({ wait: () => gate.promise });
  const engine = await start({ http: living.performer });
  await engine.publish(callFlow);
  await go(engine, 2);
  await living.begun(2);
  const dead = newId();
  await database.sql`insert into worker (id, roles, started_at, seen_at) values (${dead}, '{}', now(), now() - interval '1 hour')`;
  await database.sql`update outbox set leased_by = ${dead} where run_id = (select run_id from outbox limit 1)`;
  const other = fakeHttp();
  const next = await start({ beside: engine, http: other.performer });
  await other.begun(1);
  await next.settle();
  expect(other.keys).toHaveLength(1);
  gate.resolve();
  await engine.settle();
  expect(held.keys).toEqual([]);
  expect(await runs()).toEqual(completed(2));
});

test("what a process settles after it lost the lease does not count", async () => {
  const gate = deferred();
  const stale = fakeHttp({
    wait: () => gate.promise,
    next: () => ({ next: { kind: "answer", answer: { ok: false, result: { reason: "stale" } } } }),
  });
  const engine = await start({ http: stale.performer });
  await engine.publish(callFlow);
  await go(engine, 1);
  await stale.begun(1);
  await database.sql`update outbox set leased_by = null`;
  const slow = deferred();
  const other = fakeHttp({ wait: () => slow.promise });
  const next = await start({ beside: engine, http: other.performer });
  await other.begun(1);
  gate.resolve();
  await engine.settle();
  expect(await database.sql`select answered, leased_by as worker from outbox`).toEqual([
    { answered: false, worker: next.engine.worker },
  ]);
  slow.resolve();
  await next.settle();
  expect(await runs()).toEqual(completed(1));
});

test("an answer wakes its run once, also when it comes twice", async () => {
  const http = fakeHttp();
  const engine = await start({ http: http.performer });
  await engine.publish(callFlow);
  await go(engine, 1);
  await engine.settle();
  const trail = await database.sql<{ entries: { outcome: string }[] }[]>`select entries from trail order by at, seq`;
  expect(trail.flatMap(({ entries }) => entries.map(({ outcome }) => outcome))).toEqual(["asked", "went", "ended"]);
  expect(await database.sql`select count(*)::int from outbox`).toEqual([{ count: 0 }]);
});

test("effects that another process gave back are found without a signal", async () => {
  const gate = deferred();
  const slow = fakeHttp({ concurrency: 1, wait: () => gate.promise });
  const one = await start({ http: slow.performer });
  await one.publish(callFlow);
  await go(one, 5);
  await slow.begun(1);
  const quick = fakeHttp();
  await start({ beside: one, http: quick.performer, tuning: { heartbeatMs: 20 } });
  const stop = one.stop();
  gate.resolve();
  await stop;
  await quick.begun(4);
  expect(slow.keys.length + quick.keys.length).toBe(5);
});

test("what was done while the database was away is written down when it is back, and not done again", async () => {
  const own = connect(database.url, { max: 4, applicationName: "flaky" });
  let isAway = false;
  const gate = deferred();
  const http = fakeHttp({ wait: () => gate.promise });
  const engine = await start({ sql: flaky(own, () => isAway), http: http.performer });
  await engine.publish(callFlow);
  await go(engine, 2);
  await http.begun(2);
  isAway = true;
  gate.resolve();
  await expect.poll(() => engine.errors.length).toBeGreaterThan(0);
  isAway = false;
  await expect.poll(runs, { timeout: 10_000 }).toEqual(completed(2));
  expect(http.keys).toHaveLength(2);
  await engine.stop();
  await own.end();
}, 20_000);

/** A client whose transactions fail as they do when the database is away. */
function flaky(sql: Sql, isAway: () => boolean): Sql {
  return new Proxy(sql, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== "begin") return value;
      return (...parameters: unknown[]) =>
        isAway()
          ? Promise.reject(Object.assign(new Error("Away"), { code: "ECONNREFUSED" }))
          : (value as (...given: unknown[]) => unknown).apply(target, parameters);
    },
  });
}

test("a performer with a bug gets its effect again after a pause, and gives it up in the end", async () => {
  let tries = 0;
  const fake = fakeHttp();
  const engine = await start({
    http: {
      ...fake.performer,
      perform: async () => {
        tries += 1;
        throw new Error("Bug");
      },
    },
  });
  await engine.publish(callFlow);
  await go(engine, 1);
  await engine.settle();
  expect(tries).toBe(1);
  for (let second = 5; second <= 100; second += 5)
    await engine.advanceTo(new Date(Date.parse("2026-03-01T10:00:00Z") + second * 1000));
  expect(tries).toBe(20);
  expect(await runs()).toEqual([{ status: "completed", steps: { call: { reason: "internal_error" } }, count: 1 }]);
});
