import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { actOnRuns } from "../operations/act-on-run.ts";
import { getJob } from "../operations/jobs.ts";
import { getSegment } from "../operations/segment-reads.ts";
import { createSegment, deleteSegment } from "../operations/segments.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { beside, end, wait } from "../testing/sample-steps.ts";

let database: TestDatabase;
let engine: TestEngine;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  engine = await createTestEngine({ sql: database.sql, tuning: { buildGraceMs: 0 } });
  const own = await createTestPlatform(database.sql, engine);
  platform = { ...own, flows: engine.flows, recorder: engine.recorder, wake: () => engine.engine.poke() };
});
afterEach(() => engine.stop());

const gold = { field: "contact.plan", operator: "is", value: "gold" };

test("a segment is built, and removed, by signal alone", async () => {
  await engine.record({ name: "hello", properties: { plan: "gold" } });
  const { id } = await createSegment(platform, platform.caller, { name: "Gold", definition: gold });
  await expect.poll(() => getSegment(platform, platform.caller, { id })).toMatchObject({ state: "ready", members: 1 });
  await deleteSegment(platform, platform.caller, { id });
  await expect.poll(() => database.sql`select id from segment where id = ${id}`).toEqual([]);
});

test("a job is done by signal alone; a lane of it that another process holds is done when that lets go", async () => {
  const flowId = await engine.publish(definitionOf({ pause: wait(4, "end"), end }, beside));
  await engine.record({ name: "go" });
  await engine.settle();
  const action = { kind: "cancel" } as const;
  const deaf = { ...platform, wake: () => undefined };
  const { id } = await actOnRuns(deaf, platform.caller, { action, filter: { flowId } });
  // A process that dies keeps its locks until the database notices.
  const other = await database.sql.reserve();
  await other`begin`;
  await other`select lane from job_lane where job_id = ${id} and lane = 63 for update`;
  platform.wake();
  await expect.poll(async () => (await getJob(platform, platform.caller, { id })).progress).toBeGreaterThan(0.9);
  expect(await getJob(platform, platform.caller, { id })).toMatchObject({ status: "running" });
  await other`rollback`;
  other.release();
  await engine.settle();
  expect(await getJob(platform, platform.caller, { id })).toMatchObject({ status: "done", counts: { done: 1 } });
});
