import { afterAll, beforeAll, expect, test } from "vitest";
import { laneOf } from "../core/id.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { createFlow } from "./flows.ts";
import type { IncomingEvent } from "./incoming-event.ts";
import { publishFlow } from "./publish-flow.ts";
import { createEventRecorder } from "./record-events.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

function recorderThat(onWork: (lanes: ReadonlySet<number>) => void, maxWaiting?: number) {
  const { flows, now } = platform;
  return createEventRecorder({ sql: database.sql, flows, now, onWork, ...(maxWaiting && { maxWaiting }) });
}

function eventOf(externalId: string, name: string): IncomingEvent {
  return {
    ...{ name, identity: { externalId }, payload: {}, occurredAt: null, source: "test", client: null, target: null },
  };
}

test("an idle recorder has written what came, also of contacts it had to look up, and told of what a flood held back", async () => {
  const { id } = await createFlow(platform, platform.caller, {
    definition: {
      schema: 1,
      name: "Listens",
      entries: { in: { kind: "event", config: { event: "heard" }, next: "done" } },
      steps: { done: { kind: "end", config: {} } },
    },
  });
  await publishFlow(platform, platform.caller, { id });
  const told = new Set<number>();
  const lanes = new Set<number>();
  const recorder = recorderThat((news) => {
    for (const lane of news) told.add(lane);
  });
  for (let batch = 0; batch < 4; batch += 1) {
    const events = Array.from({ length: 100 }, (_, index) => eventOf(`idle-${batch}-${index}`, "heard"));
    const added = recorder.add({ workspaceId: platform.workspaceId, events });
    await recorder.idle();
    expect(recorder.depth()).toBe(0);
    for (const { eventId } of (await added).events) lanes.add(laneOf(eventId));
    expect([...told].sort()).toEqual([...lanes].sort());
  }
  expect(await database.sql`select 1 from event_queue`).toHaveLength(400);
});

test("refuses more than may wait, and takes events again afterwards", async () => {
  const recorder = recorderThat(() => undefined, 5);
  const attempts = Array.from({ length: 8 }, (_, index) =>
    recorder.add({
      workspaceId: platform.workspaceId,
      events: [eventOf(`flood-${index}`, "flood")],
    }),
  );
  const outcomes = await Promise.allSettled(attempts);
  expect(outcomes.map(({ status }) => status)).toEqual([...Array(5).fill("fulfilled"), ...Array(3).fill("rejected")]);
  expect(outcomes[7]).toMatchObject({ reason: { code: "overloaded", retryAfterSeconds: 1 } });
  expect(
    (await recorder.add({ workspaceId: platform.workspaceId, events: [eventOf("flood-9", "other")] })).events,
  ).toHaveLength(1);
  expect(await database.sql`select 1 from event where name = 'flood'`).toHaveLength(5);
});
