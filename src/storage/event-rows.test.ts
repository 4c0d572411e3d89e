import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import type { EventRow } from "./event-rows.ts";
import { insertEvents } from "./events.ts";
import { ensurePartitions } from "./partitions.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await ensurePartitions(database.sql, now);
});
afterAll(() => database.drop());

const now = new Date("2026-03-01T10:00:00Z");
const later = new Date("2026-03-01T10:00:01Z");
const uuid = (number: number) => `0190a000-0000-7000-8000-${String(number).padStart(12, "0")}`;

const columns = {
  workspaceId: fc.constantFrom(uuid(1), uuid(2)),
  name: fc.constantFrom("order.placed", "a|b", ""),
  payload: fc.constantFrom({}, { total: 1 }, { nested: [null, { text: "ü\u001f" }] }),
  occurredAt: fc.constantFrom(now, later, new Date(now)),
  acceptedAt: fc.constantFrom(now, later, new Date(now)),
  source: fc.constantFrom("api", "sendpulse"),
  client: fc.constantFrom<EventRow["client"]>({ ip: "::1" }, { ip: "::1" }, null, { ip: "::2" }, "null", [1], ""),
  targetFlowId: fc.constantFrom(null, uuid(3)),
  targetEntry: fc.constantFrom(null, "begin"),
  queued: fc.boolean(),
  settled: fc.constantFrom<EventRow["settled"]>(null, [], undefined),
  depth: fc.constantFrom(undefined, 0, 3),
  priority: fc.constantFrom<EventRow["priority"]>(undefined, 0, 1, 2),
};
const row = fc.record(columns);
type Row = typeof row extends fc.Arbitrary<infer Value> ? Value : never;
const names = Object.keys(columns) as (keyof Row)[];

/** Events that differ in few columns, and in others not at all. */
const batch = fc
  .tuple(row, fc.subarray(names, { maxLength: 3 }), fc.array(row, { maxLength: 6 }))
  .map(([first, different, others]) => [
    first,
    ...others.map((other) => ({ ...first, ...Object.fromEntries(different.map((name) => [name, other[name]])) })),
  ]);

test("every event of a batch is stored as it is, whatever it has in common with the others", async () => {
  let count = 1000;
  await fc.assert(
    fc.asyncProperty(batch, async (rows) => {
      const events = rows.map((one) => ({ lane: 7, contactId: uuid(7), id: uuid(++count), ...one }) as EventRow);
      await insertEvents(database.sql, events);
      const stored = await database.sql`
        select lane, contact_id as "contactId", id, workspace_id as "workspaceId", name, payload, occurred_at as "occurredAt",
               accepted_at as "acceptedAt", source, client, target_flow_id as "targetFlowId", target_entry as "targetEntry", queued, settled, depth, priority
          from event where id >= ${events[0]?.id ?? ""} order by id`;
      expect([...stored]).toEqual(
        events.map(({ settled = null, depth = 0, priority = 1, ...event }) => ({ ...event, settled, depth, priority })),
      );
      const line = await database.sql`select event_id as id, priority from event_queue order by seq`;
      const queued = events.filter((event) => event.queued && !event.settled);
      expect([...line]).toEqual(queued.map(({ id, priority = 1 }) => ({ id, priority })));
      await database.sql`truncate event_queue`;
    }),
    { numRuns: 200 },
  );
});
