import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import type { IncomingEvent } from "../operations/incoming-event.ts";
import { newIdInLane } from "../operations/new-id.ts";
import { loadOutcomes } from "../storage/event-reads.ts";
import { insertEvents } from "../storage/events.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";

let database: TestDatabase;
let engine: TestEngine;
let flowIds: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  engine = await createTestEngine({ sql: database.sql });
  flowIds = [];
  for (const where of conditions) flowIds.push(await engine.publish(definitionOf(where)));
  await engine.publish({ ...definitionOf(conditions[0]), reentry: { mode: "always", key: "{{ event.orderId }}" } });
  await engine.flows.refresh(database.sql);
});

afterAll(async () => {
  await engine.stop();
  await database.drop();
});

const over = (value: number) => ({ field: "event.total", operator: "greaterThan", value });
const conditions = [
  over(10),
  { and: [over(2), { not: { field: "event.orderId", operator: "is", value: "o-1" } }] },
  { or: [over(15), { field: "event.orderId", operator: "in", value: ["o-2", "o-3"] }] },
] as const;

function definitionOf(where: unknown): JsonObject {
  return {
    schema: 1,
    name: "Orders",
    entries: { paid: { kind: "event", config: { event: "order.paid", where }, next: "done" } },
    steps: { done: { kind: "end", config: {} } },
    reentry: { mode: "always" },
  } as unknown as JsonObject;
}

type Happened = Pick<IncomingEvent, "payload"> & { aim: number | null; entry: "paid" | "other" | null };

const happened: fc.Arbitrary<Happened> = fc.record({
  payload: fc.record(
    { total: fc.nat(12), orderId: fc.constantFrom("o-1", "o-2", "", "o-9") },
    { requiredKeys: [], noNullPrototype: true },
  ) as unknown as fc.Arbitrary<JsonObject>,
  aim: fc.option(fc.nat(conditions.length - 1)),
  entry: fc.constantFrom("paid", "other", null),
});

function targetOf({ aim, entry }: Happened): IncomingEvent["target"] {
  if (aim === null) return null;
  return { flowId: flowIds[aim] ?? "", ...(entry && { entry }) };
}

/** What is on record of each event of a source, in the order in which they came. */
async function outcomesBySource(source: string) {
  const events = await database.sql<{ id: string; contactId: string }[]>`
    select id, contact_id as "contactId" from event where source = ${source} order by id`;
  const [contactId = ""] = events.map((event) => event.contactId);
  const outcomes = await loadOutcomes(database.sql, { contactId, eventIds: events.map(({ id }) => id) });
  return events.map(({ id }) =>
    outcomes.filter(({ eventId }) => eventId === id).map(({ eventId: _, runId: __, ...row }) => row),
  );
}

test("events leave the same on record whether they are settled as they come in or by a pass", async () => {
  let count = 0;
  let settled = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(happened, { minLength: 20, maxLength: 40 }), async (all) => {
      count += 1;
      const { workspaceId, clock, recorder } = engine;
      const common = { name: "order.paid", occurredAt: null, client: null, identity: { externalId: `c-${count}` } };
      const accepted = all.map((one) => ({
        ...common,
        payload: one.payload,
        source: `accepted-${count}`,
        target: targetOf(one),
      }));
      const receipt = await recorder.add({ workspaceId, events: accepted });
      settled += receipt.settled.filter((outcomes) => outcomes !== null).length;
      const [{ contactId = "" } = {}] = receipt.events;
      const [{ lane = 0 } = {}] = await database.sql<
        { lane: number }[]
      >`select lane from contact where id = ${contactId}`;
      const queued = accepted.map(({ identity: _, target, ...event }) => ({
        ...event,
        ...{ lane, contactId, workspaceId, id: newIdInLane(lane), occurredAt: clock.now, acceptedAt: clock.now },
        ...{
          source: `queued-${count}`,
          queued: true,
          targetFlowId: target?.flowId ?? null,
          targetEntry: target?.entry ?? null,
        },
      }));
      await insertEvents(database.sql, queued);
      await engine.advanceTo(clock.now);
      expect(await outcomesBySource(`accepted-${count}`)).toEqual(await outcomesBySource(`queued-${count}`));
      expect(engine.errors).toEqual([]);
    }),
    { numRuns: 5, endOnFailure: true },
  );
  expect(settled).toBeGreaterThan(20);
  expect(await database.sql`select 1 from event_queue`).toEqual([]);
});
