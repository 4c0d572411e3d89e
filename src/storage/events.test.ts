import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { isConflict } from "./conflicts.ts";
import type { EventRow } from "./event-rows.ts";
import { insertEvents, queueChanged, removeQueuedEvents, takeQueuedEvents } from "./events.ts";
import { ensurePartitions } from "./partitions.ts";
import { insertWorkspace } from "./workspaces.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await ensurePartitions(database.sql, now);
});
afterAll(() => database.drop());

const now = new Date("2026-03-01T10:00:00Z");
let count = 0;

function eventOf(lane: number, changes: Partial<EventRow> = {}): EventRow {
  const id = `0190a000-0000-7000-8000-${String(++count).padStart(12, "0")}`;
  const contactId = `0190a000-0000-7000-8000-0000000000${String(lane).padStart(2, "0")}`;
  const about = {
    name: `e${count}`,
    payload: { count },
    occurredAt: now,
    acceptedAt: now,
    source: "test",
    client: null,
  };
  return {
    lane,
    contactId,
    id,
    workspaceId: "0190a000-0000-7000-8000-0000000000ff",
    ...about,
    targetFlowId: null,
    targetEntry: null,
    queued: true,
    ...changes,
  };
}

const take = async (lanes: number[], perLane = 100) => takeQueuedEvents(database.sql, lanes, perLane);

test("events wait in line in the order they were given, lane by lane, and only those with queued", async () => {
  const events = [eventOf(2), eventOf(1), eventOf(2, { queued: false }), eventOf(2), eventOf(1)];
  await insertEvents(database.sql, events);
  const line = await take([1, 2, 3]);
  expect(line.map(({ eventId }) => eventId)).toEqual(
    [events[1], events[4], events[0], events[3]].map((event) => event?.id),
  );
  expect(line[0]).toMatchObject({
    name: events[1]?.name,
    payload: events[1]?.payload,
    acceptedAt: now,
    targetFlowId: null,
  });
  expect((await take([1, 2], 1)).map(({ eventId }) => eventId)).toEqual([events[1]?.id, events[0]?.id]);
  expect(await take([3])).toEqual([]);
});

test("events are written only when the revisions that were known are still so", async () => {
  const { sql } = database;
  const workspaceId = "0190a000-0000-7000-8000-00000000000a";
  await insertWorkspace(sql, { id: workspaceId, name: "Revisions", timeZone: "UTC", now });
  const write = (routing: number, identities: number | null) => {
    const event = eventOf(40, { workspaceId, queued: false });
    return insertEvents(sql, [event], { revisions: [{ workspaceId, routing, identities }] }).then(
      () => "written",
      (error: unknown) => (isConflict(error) ? "conflict" : error),
    );
  };
  const [known] = await sql<
    { routing: number }[]
  >`select routing_revision as routing from workspace where id = ${workspaceId}`;
  const routing = known?.routing ?? -1;
  expect(
    await Promise.all([write(routing, 0), write(routing, null), write(routing, 1), write(routing + 1, 0)]),
  ).toEqual(["written", "written", "conflict", "conflict"]);
  await sql`insert into identity_revision (workspace_id, revision) values (${workspaceId}, 1)`;
  expect(await Promise.all([write(routing, 0), write(routing, 1), write(routing, null)])).toEqual([
    "conflict",
    "written",
    "written",
  ]);
  expect(await sql`select 1 from event where workspace_id = ${workspaceId}`).toHaveLength(4);
});

test("what later commits bring comes later, whatever its id", async () => {
  const [younger, older] = [eventOf(10), eventOf(10)];
  await insertEvents(database.sql, [older]);
  await insertEvents(database.sql, [younger]);
  expect((await take([10])).map(({ eventId }) => eventId)).toEqual([older.id, younger.id]);
});

test("what was met leaves the line and stays an event", async () => {
  const events = [eventOf(20), eventOf(20)];
  await insertEvents(database.sql, events);
  await removeQueuedEvents(database.sql, (await take([20])).slice(0, 1));
  expect((await take([20])).map(({ eventId }) => eventId)).toEqual([events[1]?.id]);
  expect(await database.sql`select 1 from event where lane = 20`).toHaveLength(2);
});

test("a batch is stored whole or not at all", async () => {
  const [first, second] = [eventOf(30), eventOf(30)];
  await expect(insertEvents(database.sql, [first, { ...second, id: first.id }])).rejects.toThrow("duplicate key");
  expect(await take([30])).toEqual([]);
});

test("of what nobody hurries for a few are taken at a time, so that a batch in hand is soon done", async () => {
  const low = Array.from({ length: 9 }, () => eventOf(50, { priority: 2 }));
  await insertEvents(database.sql, [...low, ...Array.from({ length: 9 }, () => eventOf(51))]);
  expect((await take([50], 16)).map(({ eventId }) => eventId)).toEqual(low.slice(0, 2).map(({ id }) => id));
  expect(await take([51], 16)).toHaveLength(9);
});

test("what is urgent comes first, and a changed contact is in line behind its events", async () => {
  const [bulk, event, urgent] = [eventOf(40, { priority: 2 }), eventOf(40), eventOf(40, { priority: 0 })];
  await insertEvents(database.sql, [bulk, event]);
  await queueChanged(database.sql, [event]);
  await insertEvents(database.sql, [urgent]);
  const line = await take([40]);
  expect(line.map(({ eventId }) => eventId)).toEqual([urgent.id, event.id, null, bulk.id]);
  expect(line[2]).toMatchObject({ contactId: event.contactId, workspaceId: event.workspaceId });
  await removeQueuedEvents(database.sql, line.slice(0, 3));
  expect((await take([40])).map(({ eventId }) => eventId)).toEqual([bulk.id]);
});
