import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { cancelJob, getJob, listJobs } from "../operations/jobs.ts";
import { migrateFlow } from "../operations/migrate-flow.ts";
import { getRun } from "../operations/runs.ts";
import { expectCountsToAgree } from "../testing/counts-agreement.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { deferred, fakeHttp } from "../testing/fake-http.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { beside, call, end, mail, wait } from "../testing/sample-steps.ts";

let database: TestDatabase;
let engine: TestEngine;
let platform: TestPlatform;
let http: ReturnType<typeof fakeHttp>;
let gate: ReturnType<typeof deferred>;
let answer: { ok: boolean };

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  gate = deferred();
  gate.resolve();
  answer = { ok: true };
  http = fakeHttp({
    wait: () => gate.promise,
    next: () => ({ next: { kind: "answer", answer: { ...answer, result: { status: 200 } } } }),
  });
  engine = await createTestEngine({ sql: database.sql, http: http.performer });
  platform = await createTestPlatform(database.sql, engine);
});
afterEach(() => engine.stop());

async function at(time: string): Promise<void> {
  const now = new Date(`2026-03-01T${time}Z`);
  platform.setNow(now);
  await engine.advanceTo(now);
}

async function enter(email = "ada@example.com"): Promise<void> {
  await engine.record({ name: "go", identity: { email } });
}

async function runsOf(flowId: string) {
  const rows = await database.sql`
    select version, status, step, visit, wake_at as "wakeAt", reason from run where flow_id = ${flowId} order by id`;
  return [...rows];
}

const migrate = (id: string, map: Record<string, string | null> = {}, more: object = {}) =>
  migrateFlow(platform, platform.caller, { id, from: 1, to: 2, map, ...more });

test("people who wait are moved to the new version, and their wait counts from when they entered the step", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, "mail"), mail }, beside));
  await enter();
  await engine.settle();
  await engine.publishNext(flowId, definitionOf({ rest: wait(2, "mail"), mail }, beside));
  await expect(migrate(flowId)).rejects.toMatchObject({ code: "invalid_migration", issues: [{ path: "map.pause" }] });
  await expect(migrate(flowId, { pause: "nowhere" })).rejects.toMatchObject({ code: "invalid_migration" });
  expect(await migrate(flowId, { pause: "rest" }, { dryRun: true })).toMatchObject({
    runs: 1,
    job: null,
    steps: [
      { from: "mail", to: "mail", runs: 0 },
      { from: "pause", to: "rest", runs: 1 },
    ],
  });
  await at("11:00:00");
  const { job } = await migrate(flowId, { pause: "rest" });
  await at("11:00:01");
  expect(await getJob(platform, platform.caller, { id: job?.id ?? "" })).toMatchObject({
    status: "done",
    progress: 1,
    counts: { moved: 1, ended: 0 },
  });
  expect(await runsOf(flowId)).toMatchObject([
    { version: 2, status: "waiting", step: "rest", wakeAt: new Date("2026-03-01T12:00:00Z") },
  ]);
  await expectCountsToAgree(platform, flowId);
  await at("12:00:00");
  expect(await runsOf(flowId)).toMatchObject([{ version: 2, status: "completed" }]);
  const [run] = await database.sql`select id from run where flow_id = ${flowId}`;
  const { trail } = await getRun(platform, platform.caller, { id: run?.["id"] });
  expect(trail.map(({ step, outcome }) => `${step} ${outcome}`)).toEqual([
    "pause waiting",
    "pause moved",
    "rest waiting",
    "rest went",
    "mail went",
  ]);
  expect(engine.errors).toEqual([]);
});

test("a step mapped to null ends its runs", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, null) }, beside));
  await enter();
  await engine.settle();
  await engine.publishNext(flowId, definitionOf({ end }, beside));
  await migrate(flowId, { pause: null });
  await at("10:00:01");
  expect(await runsOf(flowId)).toMatchObject([{ version: 1, status: "cancelled", reason: "migrated_out" }]);
  await expectCountsToAgree(platform, flowId);
});

test("a run that waits for an answer is moved after it, or at once to a step of the same kind", async () => {
  const flowId = await engine.publish(definitionOf({ call: call("pause"), pause: wait(4, null), broken: end }, beside));
  gate = deferred();
  await enter();
  await http.begun(1);
  await engine.publishNext(flowId, definitionOf({ rest: wait(4, "again"), again: call(null), broken: end }, beside));
  const { job } = await migrate(flowId, { call: "rest", pause: "rest" });
  engine.engine.poke();
  for (let looks = 0; looks < 500; looks += 1) {
    const [left] =
      await database.sql`select count(*)::int as count from job_lane where job_id = ${job?.id ?? ""} and not is_done`;
    if (left?.["count"] <= 1) break;
    engine.engine.poke();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await runsOf(flowId)).toMatchObject([{ version: 1, status: "asking", step: "call" }]);
  gate.resolve();
  await engine.settle();
  await at("10:00:30");
  await at("10:05:00");
  expect(await runsOf(flowId)).toMatchObject([{ version: 2, status: "waiting", step: "rest" }]);
  await expectCountsToAgree(platform, flowId);
});

test("a canary moves a share of the contacts, always the same ones", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, null) }, beside));
  for (let index = 0; index < 60; index += 1) await enter(`c${index}@example.com`);
  await engine.settle();
  await engine.publishNext(flowId, definitionOf({ pause: wait(5, null) }, beside));
  await migrate(flowId, {}, { share: 50 });
  await at("10:00:01");
  const moved = (await runsOf(flowId)).filter(({ version }) => version === 2).length;
  expect(moved).toBeGreaterThan(10);
  expect(moved).toBeLessThan(50);
  await migrate(flowId, {}, { share: 50 });
  await at("10:00:02");
  expect((await runsOf(flowId)).filter(({ version }) => version === 2)).toHaveLength(moved);
  await expectCountsToAgree(platform, flowId);
});

test("a migration goes on where a stopped process left it", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, null) }, beside));
  for (let index = 0; index < 40; index += 1) await enter(`d${index}@example.com`);
  await engine.settle();
  await engine.publishNext(flowId, definitionOf({ pause: wait(5, null) }, beside));
  const { job } = await migrate(flowId);
  const stopping = engine.advanceTo(new Date("2026-03-01T10:00:01Z"));
  await engine.stop();
  await stopping;
  engine = await createTestEngine({ sql: database.sql, beside: engine, http: http.performer });
  await at("10:00:02");
  expect(await getJob(platform, platform.caller, { id: job?.id ?? "" })).toMatchObject({
    status: "done",
    counts: { moved: 40 },
  });
  expect((await runsOf(flowId)).every(({ version, status }) => version === 2 && status === "waiting")).toBe(true);
  await expectCountsToAgree(platform, flowId);
});

test("a job can be cancelled, and is listed with its flow", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, null) }, beside));
  await engine.publishNext(flowId, definitionOf({ pause: wait(5, null) }, beside));
  await engine.stop();
  const { job } = await migrate(flowId);
  await expect(migrate(flowId)).rejects.toMatchObject({ code: "invalid_state" });
  expect(await cancelJob(platform, platform.caller, { id: job?.id ?? "" })).toMatchObject({ status: "cancelled" });
  const { data } = await listJobs(platform, platform.caller, { flowId });
  expect(data.map(({ status, kind }) => [kind, status])).toEqual([["migrate", "cancelled"]]);
});
