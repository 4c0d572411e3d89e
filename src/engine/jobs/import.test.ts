import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../../core/json.ts";
import { getImport, importContacts, listImports } from "../../operations/contact-imports.ts";
import { getContact } from "../../operations/get-contact.ts";
import { setMembership } from "../../operations/list-members.ts";
import { createList, deleteList, getList } from "../../operations/lists.ts";
import { upsertContact } from "../../operations/upsert-contact.ts";
import { removeOldImports } from "../../storage/contact-imports.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestEngine, type TestEngine } from "../../testing/engine.ts";
import { definitionOf } from "../../testing/flow-fixture.ts";
import { createTestPlatform, type TestPlatform } from "../../testing/platform.ts";
import { end } from "../../testing/sample-steps.ts";
import { notifyRound } from "../imports/notify.ts";

let database: TestDatabase;
let engine: TestEngine;
let platform: TestPlatform;
let list: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  engine = await createTestEngine({ sql: database.sql });
  const own = await createTestPlatform(database.sql, engine);
  platform = { ...own, flows: engine.flows, recorder: engine.recorder, wake: () => engine.engine.poke() };
  const fields = [{ placeholder: "total", name: "Total", type: "number" as const }];
  list = (await createList(platform, platform.caller, { name: "Buyers", fields })).id;
});
afterEach(() => engine.stop());

async function run(rows: JsonObject[], notificationLink?: string) {
  const { number } = await importContacts(platform, platform.caller, { list, rows, notificationLink });
  await engine.settle();
  return getImport(platform, platform.caller, { number });
}
const byEmail = (value: string) => getContact(platform, platform.caller, { by: "email", value });

test("rows become contacts of the list in their order: made, changed, or counted as failed", async () => {
  await upsertContact(platform, platform.caller, { email: "old@example.com", properties: { city: "Rome", total: 1 } });
  const done = await run([
    { email: "new@example.com", total: "2.5" },
    { email: "old@example.com", total: "3", city: "" },
    { email: "NEW@example.com", total: "4" },
    { email: "nobody", total: "1" },
    { email: "bad@example.com", total: "many" },
    { total: "1" },
  ]);
  expect(done).toMatchObject({ status: "done", total: 6, created: 1, updated: 2, failed: 3, progress: 1 });
  expect(await byEmail("new@example.com")).toMatchObject({
    properties: { total: 4 },
    lists: [{ id: list, state: "subscribed" }],
  });
  expect(await byEmail("old@example.com")).toMatchObject({ properties: { total: 3, city: "Rome" } });
  await expect(byEmail("bad@example.com")).rejects.toMatchObject({ code: "contact_not_found" });
  expect(await database.sql`select from import_row`).toHaveLength(0);
});

test("who has unsubscribed from the list stays so", async () => {
  const { contact } = await upsertContact(platform, platform.caller, { email: "left@example.com" });
  const membership = { listId: list, contactId: contact.id, state: "unsubscribed" as const };
  await setMembership(platform, platform.caller, membership);
  expect(await run([{ email: "left@example.com", total: 7 }])).toMatchObject({ updated: 1 });
  expect(await byEmail("left@example.com")).toMatchObject({
    properties: { total: 7 },
    lists: [{ id: list, state: "unsubscribed" }],
  });
});

test("flows hear of every contact of a large import, and what a stopped process left is taken in by the next", async () => {
  const entries = { joined: { kind: "list-changed", config: { list, change: "joined" }, next: "end" } };
  await engine.publish({ ...definitionOf({ end }), entries });
  const rows = Array.from({ length: 1201 }, (_, index) => ({ email: `many${index}@example.com` }));
  await engine.stop();
  const { number } = await importContacts(platform, platform.caller, { list, rows });
  expect(await getImport(platform, platform.caller, { number })).toMatchObject({ status: "running", progress: 0 });
  engine = await createTestEngine({ sql: database.sql, workspaceId: engine.workspaceId });
  await engine.settle();
  expect(await getImport(platform, platform.caller, { number })).toMatchObject({
    created: 1201,
    failed: 0,
    progress: 1,
  });
  expect((await getList(platform, platform.caller, { id: list })).members.subscribed).toBe(1201);
  const [runs] = await database.sql<[{ count: number }]>`
    select count(*) as count from run where workspace_id = ${engine.workspaceId}`;
  expect(runs.count).toBe(1201);
});

test("an import into a list that was deleted meanwhile fails row by row", async () => {
  await engine.stop();
  const { number } = await importContacts(platform, platform.caller, { list, rows: [{ email: "late@example.com" }] });
  await deleteList(platform, platform.caller, { id: list });
  engine = await createTestEngine({ sql: database.sql, workspaceId: engine.workspaceId });
  await engine.settle();
  expect(await getImport(platform, platform.caller, { number })).toMatchObject({ failed: 1, list: null });
});

test.each([
  [[], undefined, "rows"],
  [[{ email: "a\0@b.example" }], undefined, "rows[0].email"],
  [[{ email: "a@b.example" }], "ftp://x.example", "notificationLink"],
  [[{ email: "a@b.example" }], "https://x.example/{{ secrets.a }}", "notificationLink"],
  [[Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`f${index}`, 1]))], undefined, "rows[0]"],
])("refuses %j with the link %s, and keeps nothing", async (rows, notificationLink, path) => {
  const refused = importContacts(platform, platform.caller, { list, rows: rows as JsonObject[], notificationLink });
  await expect(refused).rejects.toMatchObject({ code: "invalid_request", issues: [{ path }] });
  expect(await listImports(platform, platform.caller, { offset: 0, limit: 1 })).toEqual([]);
});

test("the link is called once the import has ended, again after a failure, and then no more", async () => {
  await run([{ email: "told@example.com" }], "https://shop.example/done");
  const calls: object[] = [];
  const now = () => engine.clock.now;
  const later = new Date(now().getTime() + 60_000);
  const perform = async (call: { attempt: number; config: object; key: string }) => {
    calls.push(call);
    if (call.attempt === 1)
      return { kind: "retry" as const, at: later, reason: "status" as const, countsAsAttempt: true, detail: {} };
    return { kind: "answered" as const, answer: { ok: true, result: null }, detail: {} };
  };
  const round = () => notifyRound({ sql: database.sql, http: { perform }, now, random: () => 0.5 });
  expect(await round()).toEqual({ kind: "again" });
  expect(await round()).toEqual({ kind: "rest", until: later });
  engine.clock.now = later;
  expect(await round()).toEqual({ kind: "again" });
  expect(await round()).toEqual({ kind: "rest", until: null });
  expect(calls).toMatchObject([
    {
      attempt: 1,
      config: {
        method: "POST",
        url: "https://shop.example/done",
        body: { value: { imported_success: "1", progress: "100" } },
      },
    },
    { attempt: 2 },
  ]);
});

test("old imports are forgotten with all that is theirs", async () => {
  await run([{ email: "old-import@example.com" }]);
  await removeOldImports(database.sql, new Date("2030-01-01T00:00:00Z"));
  expect(await listImports(platform, platform.caller, { offset: 0, limit: 10 })).toEqual([]);
  expect(await database.sql`select from job where kind = 'import'`).toHaveLength(0);
});
