import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { getEvent } from "./events.ts";
import { createFlow, updateFlow } from "./flows.ts";
import type { IncomingEvent } from "./incoming-event.ts";
import { publishFlow } from "./publish-flow.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const over = (value: number) => ({ field: "event.total", operator: "greaterThan", value });
const isGold = { field: "contact.plan", operator: "is", value: "gold" };

function definitionOf(where: JsonObject, name = "Large orders") {
  return {
    schema: 1,
    name,
    entries: { paid: { kind: "event", config: { event: "order.paid", where }, next: "done" } },
    steps: { done: { kind: "end", config: {} } },
    reentry: { mode: "always" },
  };
}

async function publish(where: JsonObject, name?: string, by = platform): Promise<string> {
  const { id } = await createFlow(by, by.caller, { definition: definitionOf(where, name) });
  await publishFlow(by, by.caller, { id });
  return id;
}

/** Publishes another version, as another process does: this one is not told of it. */
async function publishElsewhere(id: string, where: JsonObject): Promise<void> {
  const other = await createTestPlatform(database.sql, platform);
  await updateFlow(other, other.caller, { id, definition: definitionOf(where) });
  await publishFlow(other, other.caller, { id });
}

async function record(...events: Partial<IncomingEvent>[]) {
  const full = events.map((event) => ({
    name: "order.paid",
    identity: { email: "ada@once.example" },
    payload: { total: 5 },
    occurredAt: null,
    source: "test",
    client: null,
    target: null,
    ...event,
  }));
  const { events: recorded, settled } = await platform.recorder.add({
    workspaceId: platform.workspaceId,
    events: full,
  });
  const details = await Promise.all(
    recorded.map(({ eventId }) => getEvent(platform, platform.caller, { id: eventId })),
  );
  return { recorded, settled, details };
}

const inLine = () => database.sql`select event_id from event_queue where lane is not null`;

test("an event that surely starts nothing is stored with what it did, and is not put in line", async () => {
  const flowId = await publish(over(10));
  platform.signalled.length = 0;
  const { recorded, settled, details } = await record({});
  expect(recorded).toMatchObject([{ listened: true, contactCreated: true }]);
  const outcome = {
    flowId,
    version: 1,
    entry: "paid",
    outcome: "not_started",
    reason: "condition_not_met",
    runId: null,
  };
  expect(settled).toMatchObject([[outcome]]);
  expect(details).toMatchObject([
    { queued: true, reason: null, pending: false, outcomes: [{ ...outcome, at: platform.now() }] },
  ]);
  expect(details[0]?.outcomes[0]?.detail).toMatchObject({
    condition: { field: "event.total", actual: 5, result: false },
  });
  expect(await inLine()).toEqual([]);
  expect(platform.signalled).toEqual([]);
});

test("of one batch, only the events that may start a flow are put in line", async () => {
  await publish(over(10));
  const { recorded, settled, details } = await record({}, { payload: { total: 11 } }, { name: "nobody.listens" }, {});
  expect(settled.map((outcomes) => outcomes?.length ?? null)).toEqual([1, null, null, 1]);
  expect(details.map(({ pending }) => pending)).toEqual([false, true, false, false]);
  expect(recorded.map(({ listened }) => listened)).toEqual([true, true, false, true]);
  expect((await inLine()).map((row) => row["event_id"])).toContain(recorded[1]?.eventId);
});

test("an event has an outcome for each flow that listens, in their order", async () => {
  const flows = [await publish(over(10)), await publish(over(20), "Larger orders")];
  const { details } = await record({ payload: {} });
  expect(new Set(details[0]?.outcomes.map(({ flowId }) => flowId))).toEqual(new Set(flows));
  expect(details[0]).toMatchObject({ pending: false });
});

test("a condition on the contact is left to the flows", async () => {
  await publish(isGold);
  const { settled, details } = await record({});
  expect(settled).toEqual([null]);
  expect(details).toMatchObject([{ pending: true, outcomes: [] }]);
});

test("more flows than are asked at once are left to the engine", async () => {
  for (let count = 0; count < 21; count += 1) await publish(over(10), `Flow ${count}`);
  expect((await record({})).settled).toEqual([null]);
});

test("an event settled at once still changes its contact, and flows hear of that", async () => {
  await publish(over(10));
  const { id } = await createFlow(platform, platform.caller, {
    definition: {
      ...definitionOf({}, "Plans"),
      entries: { changed: { kind: "property-changed", config: { property: "plan" }, next: "done" } },
    },
  });
  await publishFlow(platform, platform.caller, { id });
  await record({});
  const { settled, details } = await record({ properties: { plan: "gold" } });
  expect(settled.map((outcomes) => outcomes?.length)).toEqual([1]);
  expect(details).toMatchObject([{ pending: false }]);
  const told = await database.sql`
    select e.name from event_queue q join event e on e.id = q.event_id and e.lane = q.lane where e.workspace_id = ${platform.workspaceId}`;
  expect(told).toHaveLength(1);
});

test("what another process has published meanwhile decides: an event that would have been settled starts the new version", async () => {
  const id = await publish(over(10));
  await record({});
  await publishElsewhere(id, over(1));
  const { settled, details } = await record({});
  expect(settled).toEqual([null]);
  expect(details).toMatchObject([{ pending: true, outcomes: [] }]);
});

test("and one that would have been put in line is settled by the new version", async () => {
  const id = await publish(over(1));
  await record({ payload: { total: 0 } });
  await publishElsewhere(id, over(10));
  const { details } = await record({});
  expect(details).toMatchObject([
    { pending: false, outcomes: [{ flowId: id, version: 2, reason: "condition_not_met" }] },
  ]);
});
