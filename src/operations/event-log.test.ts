import { afterAll, beforeAll, expect, test } from "vitest";
import { eraseClearedLog } from "../storage/event-logs.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { requireEventByName } from "./event-catalog.ts";
import { createEventDefinition } from "./event-definitions.ts";
import { clearEventLog, listEventLog } from "./event-log.ts";
import { getEvent } from "./events.ts";
import { recordNamedEvent } from "./record-named-event.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
  // Ids carry the real time.
  platform.setNow(new Date());
  for (const name of ["signup", "order"])
    await createEventDefinition(platform, platform.caller, { name, variables: [] });
});
afterAll(() => database.drop());

async function call(name: string) {
  const { eventId } = await recordNamedEvent(platform, {
    event: await requireEventByName(platform, platform.caller, name),
    ...{ contact: { email: "ada@log.example" }, payload: { name }, flow: null, source: "sendpulse" },
    ...{ client: { ip: "192.0.2.1" }, checkedBytes: 10 },
  });
  return eventId;
}

const log = async (name: string) =>
  (await listEventLog(platform, platform.caller, { name })).data.map(({ id, client }) => ({ id, client }));

const client = { ip: "192.0.2.1" };

async function eraseAll(limit: number): Promise<void> {
  while (await eraseClearedLog(database.sql, limit));
}

test("a cleared log shows what comes later; events stay, without what was known of the clients", async () => {
  const old = [await call("signup"), await call("signup"), await call("signup")];
  const other = await call("order");
  expect(await log("signup")).toEqual(old.toReversed().map((id) => ({ id, client })));

  platform.setNow(new Date(Date.now() + 10));
  expect(await clearEventLog(platform, platform.caller, { names: ["signup"], numbers: [] })).toEqual({ cleared: 1 });
  expect(await log("signup")).toEqual([]);
  expect(await log("order")).toEqual([{ id: other, client }]);
  await eraseAll(2);
  for (const id of old)
    expect(await getEvent(platform, platform.caller, { id })).toMatchObject({
      client: null,
      payload: { name: "signup" },
    });
  expect(await getEvent(platform, platform.caller, { id: other })).toMatchObject({ client });

  platform.setNow(new Date(Date.now() + 20));
  const later = await call("signup");
  expect(await log("signup")).toEqual([{ id: later, client }]);
  expect(await eraseClearedLog(database.sql, 2)).toBe(false);
});

test("all logs of a workspace are cleared at once, and of no other", async () => {
  const stranger = await createTestPlatform(database.sql, { workspaceId: await createTestWorkspace(database.sql) });
  await createEventDefinition(stranger, stranger.caller, { name: "signup", variables: [] });
  expect(await clearEventLog(platform, platform.caller, null)).toEqual({ cleared: 2 });
  const cleared =
    await database.sql`select 1 from event_definition where log_cleared_at is not null and workspace_id = ${stranger.workspaceId}`;
  expect(cleared).toHaveLength(0);
});

test("one unknown event clears nothing", async () => {
  const before = await database.sql`select id, log_cleared_at from event_definition order by id`;
  platform.setNow(new Date(Date.now() + 60_000));
  for (const choice of [
    { names: ["signup", "nope"], numbers: [] },
    { names: [], numbers: [999_999] },
  ])
    await expect(clearEventLog(platform, platform.caller, choice)).rejects.toMatchObject({
      code: "event_definition_not_found",
    });
  expect(await database.sql`select id, log_cleared_at from event_definition order by id`).toEqual(before);
  await expect(listEventLog(platform, platform.caller, { name: "nope" })).rejects.toMatchObject({ status: 404 });
});
