import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { actOnRun, actOnRuns } from "../operations/act-on-run.ts";
import { diffVersions } from "../operations/diff-versions.ts";
import { flowCounts, getVersion } from "../operations/flow-versions.ts";
import { forecastFlow } from "../operations/forecast-flow.ts";
import { getJob } from "../operations/jobs.ts";
import { rollbackFlow } from "../operations/rollback-flow.ts";
import { getRun } from "../operations/runs.ts";
import { createSegment } from "../operations/segments.ts";
import { expectCountsToAgree } from "../testing/counts-agreement.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { fakeHttp } from "../testing/fake-http.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { beside, call, end, mail, wait } from "../testing/sample-steps.ts";

let database: TestDatabase;
let engine: TestEngine;
let platform: TestPlatform;
let http: ReturnType<typeof fakeHttp>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  http = fakeHttp();
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

async function onlyRun(flowId: string): Promise<string> {
  const [run] = await database.sql`select id from run where flow_id = ${flowId}`;
  return run?.["id"];
}

test("a wait is skipped, and a run is moved, each with its trail and its counts", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, "rest"), rest: wait(4, "end"), end }, beside));
  await enter();
  await engine.settle();
  const id = await onlyRun(flowId);
  await actOnRun(platform, platform.caller, { id, action: { kind: "skip-wait" } });
  await at("10:00:01");
  expect(await runsOf(flowId)).toMatchObject([{ status: "waiting", step: "rest" }]);
  await actOnRun(platform, platform.caller, { id, action: { kind: "move", step: "pause" } });
  await at("10:00:02");
  expect(await runsOf(flowId)).toMatchObject([{ status: "waiting", step: "pause" }]);
  await expect(
    actOnRun(platform, platform.caller, { id, action: { kind: "move", step: "none" } }),
  ).rejects.toMatchObject({
    code: "invalid_state",
  });
  await expect(actOnRun(platform, platform.caller, { id, action: { kind: "retry" } })).rejects.toMatchObject({
    code: "invalid_state",
  });
  await expectCountsToAgree(platform, flowId);
  const { versions } = await flowCounts(platform, platform.caller, { id: flowId });
  expect(versions[0]?.steps["pause"]).toMatchObject({ entered: 2, waiting: 1, left: { next: 1 } });
});

test("what is done to many runs is counted first, and then done, by a filter over the contact too", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, null) }, beside));
  for (const plan of ["gold", "gold", "plain"])
    await engine.record({ name: "go", identity: { email: `${plan}@example.com` }, properties: { plan } });
  await engine.settle();
  const filter = { flowId, step: "pause", where: { field: "contact.plan", operator: "is", value: "gold" } };
  const act = (dryRun: boolean) => actOnRuns(platform, platform.caller, { action: { kind: "cancel" }, filter, dryRun });
  const [dry] = [await act(true)];
  await at("10:00:01");
  expect(await getJob(platform, platform.caller, dry)).toMatchObject({ counts: { matched: 2, done: 2 } });
  expect((await runsOf(flowId)).map(({ status }) => status)).toEqual(["waiting", "waiting", "waiting"]);
  await act(false);
  await at("10:00:02");
  expect((await runsOf(flowId)).map(({ status }) => status).sort()).toEqual(["cancelled", "cancelled", "waiting"]);
  await expectCountsToAgree(platform, flowId);
});

test("many runs are chosen by a segment, or by what their contacts have done", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, null) }, beside));
  for (const name of ["ada", "bob", "cy"]) await enter(`${name}@example.com`);
  await engine.record({ name: "paid", identity: { email: "bob@example.com" } });
  await engine.settle();
  const definition = { field: "contact.email", operator: "is", value: "ada@example.com" };
  const segment = await createSegment(platform, platform.caller, { name: "Ada", definition });
  await database.sql`
    insert into segment_member (lane, contact_id, segment_id, workspace_id, entered_at)
    select lane, id, ${segment.id}, workspace_id, now() from contact where workspace_id = ${platform.workspaceId} and email = 'ada@example.com'`;
  const matched = async (filter: object) => {
    const all = { action: { kind: "cancel" as const }, filter: { flowId, ...filter }, dryRun: true };
    const job = await actOnRuns(platform, platform.caller, all);
    engine.engine.poke();
    await engine.settle();
    return (await getJob(platform, platform.caller, job)).counts["matched"];
  };
  expect(await matched({ segment: segment.id })).toBe(1);
  expect(await matched({ where: { not: { segment: segment.id } } })).toBe(2);
  expect(await matched({ where: { event: "paid" } })).toBe(1);
  expect(await matched({ segment: segment.id, where: { event: "paid" } })).toBe(0);
});

test.each<[string, object, string]>([
  ["a segment that is not there", { segment: randomUUID() }, "filter.segment"],
  ["a condition over one", { where: { segment: randomUUID() } }, "filter.where"],
  ["a condition over the run", { where: { field: "run.key", operator: "is", value: "x" } }, "filter.where"],
])("refuses %s in a filter of runs", async (_, filter, path) => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, null) }, beside));
  const act = actOnRuns(platform, platform.caller, { action: { kind: "cancel" }, filter: { flowId, ...filter } });
  await expect(act).rejects.toMatchObject({ code: "invalid_request", issues: [{ path }] });
});

test("the trail says how long a run stood at each step", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, "end"), end }, beside));
  await enter();
  await engine.settle();
  await at("14:00:00");
  const { trail } = await getRun(platform, platform.caller, { id: await onlyRun(flowId) });
  expect(trail).toMatchObject([
    { step: "pause", outcome: "waiting", durationMs: 0 },
    { step: "pause", outcome: "went", durationMs: 4 * 3_600_000 },
    { step: "end", outcome: "ended", durationMs: 0 },
  ]);
});

test("a failed run is retried at its step, under a new key", async () => {
  const flowId = await engine.publish(definitionOf({ call: call("end"), broken: end, end }, beside));
  await enter();
  await engine.settle();
  const id = await onlyRun(flowId);
  await database.sql`update run set status = 'failed', reason = 'internal_error', step = 'call' where id = ${id}`;
  await actOnRuns(platform, platform.caller, { action: { kind: "retry" }, filter: { flowId } });
  await at("10:00:01");
  expect(await runsOf(flowId)).toMatchObject([{ status: "completed", step: "end", reason: null }]);
  expect(http.keys).toHaveLength(2);
  expect(new Set(http.keys).size).toBe(2);
});

test("a roll-back publishes the old definition as the next version, and a diff says what it changes", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, null) }, beside));
  await engine.publishNext(flowId, definitionOf({ pause: wait(5, "end"), end }, beside));
  const diff = await diffVersions(platform, platform.caller, { id: flowId, from: 1, to: 2 });
  expect(diff.steps).toEqual({
    added: ["end"],
    removed: [],
    changed: [
      {
        name: "pause",
        fields: [
          { path: "config.for.amount", before: 4, after: 5 },
          { path: "exits.next", before: null, after: "end" },
        ],
      },
    ],
  });
  const back = await rollbackFlow(platform, platform.caller, { id: flowId, version: 1 });
  expect(back.rolledBack).toEqual({ from: 2, to: 1, as: 3 });
  expect(back.changes.steps.removed).toEqual(["end"]);
  const [one, three] = [1, 3].map((version) => getVersion(platform, platform.caller, { id: flowId, version }));
  expect((await three)?.definition).toEqual((await one)?.definition);
});

test("a forecast says who is due when, and who comes to a message", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, "mail"), mail }, beside));
  for (const email of ["ada@example.com", "bea@example.com"]) await enter(email);
  await engine.settle();
  const forecast = await forecastFlow(platform, platform.caller, { id: flowId, action: "resume" });
  expect(forecast).toMatchObject({ atOnce: 0, isEstimate: false, steps: [{ step: "pause", runs: 2, overdue: 0 }] });
  expect(forecast.byHour.map(({ runs }) => runs).slice(0, 6)).toEqual([0, 0, 0, 0, 2, 0]);
  platform.setNow(new Date("2026-03-01T15:00:00Z"));
  expect(await forecastFlow(platform, platform.caller, { id: flowId, action: "resume" })).toMatchObject({
    atOnce: 2,
    messagesAtOnce: { straight: 2, worst: 2 },
  });
});
