import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { type ContactPageQuery, listContactPage } from "./contact-pages.ts";
import { knownMembers } from "./known-members.ts";
import { removeMembership } from "./list-members.ts";
import { listGrowth, listOverviews } from "./list-overviews.ts";
import { createList, getList } from "./lists.ts";
import { suppressAddresses } from "./suppressions.ts";
import { upsertContacts } from "./upsert-contacts.ts";

let database: TestDatabase;
let platform: TestPlatform;
let listId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
  listId = (await createList(platform, platform.caller, { name: "Paged" })).id;
  const lists = [{ id: listId, state: "subscribed" as const }];
  await upsertContacts(platform, platform.caller, {
    contacts: [
      { email: "c@example.com", properties: { first_name: "Carla" }, lists },
      { email: "a@example.com", properties: { first_name: "Ada" }, lists },
      { email: "b@example.com", lists: [{ id: listId, state: "unsubscribed" }] },
      { email: "outside@example.com" },
    ],
  });
  await suppressAddresses(platform, platform.caller, { emails: ["a@example.com"], reason: "bounce", source: "test" });
});
afterAll(() => database.drop());

const base: ContactPageQuery = { order: "email", isDescending: false, offset: 0, limit: 10 };
const page = async (query: Partial<ContactPageQuery>, caller = platform.caller) =>
  (await listContactPage(platform, caller, { ...base, ...query })).map(({ email }) => email?.split("@")[0]);
const search = (text: string) => ({ text, fields: ["email", "first_name"] });

test("contacts come by e-mail or creation, up or down, from an offset on, of a list, of a state, or all", async () => {
  expect(await page({ listId })).toEqual(["a", "b", "c"]);
  expect(await page({ listId, isDescending: true, offset: 1, limit: 1 })).toEqual(["b"]);
  expect(await page({ listId, state: "unsubscribed" })).toEqual(["b"]);
  expect(await page({})).toEqual(["a", "b", "c", "outside"]);
  expect((await page({ listId, order: "created" })).sort()).toEqual(["a", "b", "c"]);
});

test("a search finds whole addresses, and parts of the fields it looks at", async () => {
  expect(await page({ listId, search: search("A@example.com") })).toEqual(["a"]);
  expect(await page({ listId, search: search("outside@example.com") })).toEqual([]);
  expect(await page({ listId, search: search("nobody@example.com") })).toEqual([]);
  expect(await page({ listId, search: search("car") })).toEqual(["c"]);
  expect(await page({ listId, search: search("%") })).toEqual([]);
  expect(await page({ listId, search: search(" ") })).toEqual(["a", "b", "c"]);
});

test("says what each is to the list, and who must not be written to", async () => {
  const [ada, bob] = await listContactPage(platform, platform.caller, { ...base, listId });
  expect(ada).toMatchObject({ state: "subscribed", isSuppressed: true, joinedAt: platform.now() });
  expect(bob).toMatchObject({ state: "unsubscribed", isSuppressed: false });
});

test("another workspace sees none of them", async () => {
  const stranger = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  expect(await page({ listId }, stranger)).toEqual([]);
  expect(await page({ search: search("a@example.com") }, stranger)).toEqual([]);
});

test("knows what addresses are to a list, whatever their case", async () => {
  const emails = ["B@Example.com", "c@example.com", "outside@example.com", "nobody", "x@example.com"];
  const known = await knownMembers(database.sql, { workspaceId: platform.workspaceId, listId, emails });
  expect([...known].sort()).toEqual([
    ["b@example.com", "unsubscribed"],
    ["c@example.com", "subscribed"],
  ]);
});

test("lists come with their counts, and say who came and went by day", async () => {
  const all = { order: "name", isDescending: false, offset: 0, limit: 10 } as const;
  expect(await listOverviews(platform, platform.caller, all)).toMatchObject([
    { id: listId, members: { subscribed: 2, unsubscribed: 1, unconfirmed: 0 } },
  ]);
  const day = new Date("2026-03-01T00:00:00Z");
  expect(await listGrowth(platform, platform.caller, { id: listId, first: day, last: day })).toEqual([
    { day: "2026-03-01", joined: 3, left: 1 },
  ]);
  const backwards = listGrowth(platform, platform.caller, { id: listId, first: day, last: new Date(0) });
  await expect(backwards).rejects.toMatchObject({ code: "invalid_request" });
});

test("a contact is taken off a list, once", async () => {
  const [bob] = await listContactPage(platform, platform.caller, { ...base, listId, offset: 1, limit: 1 });
  const ref = { listId, contactId: bob?.id ?? "" };
  await removeMembership(platform, platform.caller, ref);
  expect((await getList(platform, platform.caller, { id: listId })).members.unsubscribed).toBe(0);
  await expect(removeMembership(platform, platform.caller, ref)).rejects.toMatchObject({ code: "contact_not_found" });
});
