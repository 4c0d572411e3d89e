import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { definitionOf } from "../testing/flow-fixture.ts";

let database: TestDatabase;
let engine: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await engine.stop();
  await database.sql`truncate event_queue, outbox, run, trail, event_outcome, admission, worker, flow, flow_version, counter, conversion cascade`;
});
afterAll(() => database.drop());

const goal = (changes: JsonObject = {}) => ({
  name: "paid",
  event: "order.paid",
  within: { amount: 2, unit: "days" },
  ...changes,
});
const wait = { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: null } };
const flowWith = (goals: JsonObject[], changes: JsonObject = {}) => definitionOf({ wait }, { goals, ...changes });
const after = (hours: number) => new Date(Date.parse("2026-03-01T10:00:00Z") + hours * 3_600_000);

const conversions = async () =>
  (await database.sql`select goal, version from conversion order by at, goal`).map(
    ({ goal: name, version }) => `${name} ${version}`,
  );
const counted = async () =>
  (await database.sql`select sum(value)::int as value from counter where name = '$goal:paid'`)[0]?.["value"];

async function record(name: string, payload: JsonObject = {}): Promise<void> {
  await engine.record({ name, payload });
  await engine.settle();
}

test("a live run reaches a goal once, and one that ended within the window reaches it too", async () => {
  engine = await createTestEngine({ sql: database.sql });
  await engine.publish(flowWith([goal()]));
  await record("go");
  await record("order.paid");
  await record("order.paid");
  expect(await conversions()).toEqual(["paid 1"]);
  await engine.advanceTo(after(1));
  await record("go");
  await engine.advanceTo(after(2));
  await engine.advanceTo(after(49));
  await record("order.paid");
  await record("order.paid");
  expect(await conversions()).toEqual(["paid 1", "paid 1"]);
  expect(await counted()).toBe(2);
  expect(engine.errors).toEqual([]);
});

test("after its window has closed, and before it began, an event is no conversion", async () => {
  engine = await createTestEngine({ sql: database.sql });
  await engine.publish(flowWith([goal()]));
  await record("order.paid");
  await record("go");
  await engine.advanceTo(after(1));
  await engine.advanceTo(after(50));
  await record("order.paid");
  expect(await conversions()).toEqual([]);
});

test("the condition of a goal sees its event, and the one that the run began with", async () => {
  engine = await createTestEngine({ sql: database.sql });
  const where = { field: "event.total", operator: "atLeast", value: 10 };
  await engine.publish(flowWith([goal({ where }), goal({ name: "any" })]));
  await record("go");
  await record("order.paid", { total: 5 });
  expect(await conversions()).toEqual(["any 1"]);
  await record("order.paid", { total: 10 });
  expect(await conversions()).toEqual(["any 1", "paid 1"]);
});

test("a run counts by the goals of its own version, also when a newer one has none", async () => {
  engine = await createTestEngine({ sql: database.sql });
  const flowId = await engine.publish(flowWith([goal()]));
  await record("go");
  await engine.publishNext(flowId, flowWith([]));
  await engine.advanceTo(after(1));
  await record("order.paid");
  expect(await conversions()).toEqual(["paid 1"]);
});

test("by key, every run counts: what ended last under each", async () => {
  engine = await createTestEngine({ sql: database.sql });
  await engine.publish(flowWith([goal()], { reentry: { mode: "always", key: "{{ event.cart }}" } }));
  for (const cart of ["a", "b", "c"]) await record("go", { cart });
  await engine.advanceTo(after(1));
  await record("order.paid");
  expect(await conversions()).toEqual(["paid 1", "paid 1", "paid 1"]);
});

test("an event that is a goal and ends the run does both", async () => {
  engine = await createTestEngine({ sql: database.sql });
  await engine.publish(flowWith([goal()], { exitWhen: [{ event: "order.paid" }] }));
  await engine.record({ name: "go" }, { name: "order.paid" });
  await engine.settle();
  expect(await conversions()).toEqual(["paid 1"]);
  expect(await database.sql`select status from run`).toEqual([{ status: "exited" }]);
});
