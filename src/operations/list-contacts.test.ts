import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { type ContactQuery, listContacts } from "./list-contacts.ts";
import { setMembership } from "./list-members.ts";
import { createList } from "./lists.ts";
import { newId } from "./new-id.ts";
import { createSegment } from "./segments.ts";
import { upsertContact } from "./upsert-contact.ts";

let database: TestDatabase;
let platform: TestPlatform;
let listId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
  listId = (await createList(platform, platform.caller, { name: "News" })).id;
  for (const [index, externalId] of ["ada", "bob", "cleo", "dan"].entries()) {
    platform.setNow(new Date(Date.UTC(2026, 2, 1 + index)));
    const { contact } = await upsertContact(platform, platform.caller, {
      externalId,
      email: `${externalId}@x.example`,
      properties: { age: 20 + index * 10 },
      tags: index % 2 ? ["odd"] : [],
    });
    if (index < 2)
      await setMembership(platform, platform.caller, {
        listId,
        contactId: contact.id,
        state: index ? "unsubscribed" : "subscribed",
      });
  }
});
afterAll(() => database.drop());

async function found(query: ContactQuery): Promise<(string | null)[]> {
  return (await listContacts(platform, platform.caller, query)).data.map(({ externalId }) => externalId);
}

test.each<[string, () => ContactQuery, string[]]>([
  ["nothing", () => ({}), ["dan", "cleo", "bob", "ada"]],
  ["an e-mail in any spelling", () => ({ email: "BOB@X.example" }), ["bob"]],
  ["two identities of one contact", () => ({ email: "bob@x.example", externalId: "bob" }), ["bob"]],
  ["two identities of two contacts", () => ({ email: "bob@x.example", externalId: "ada" }), []],
  ["an identity that nobody has", () => ({ externalId: "zoe" }), []],
  ["a tag", () => ({ tag: "odd" }), ["dan", "bob"]],
  ["a list, where only subscribers count", () => ({ listId }), ["ada"]],
  [
    "a time",
    () => ({ createdAfter: new Date("2026-03-02T00:00:00Z"), createdBefore: new Date("2026-03-04T00:00:00Z") }),
    ["cleo", "bob"],
  ],
  ["a condition", () => ({ where: { field: "contact.age", operator: "atLeast", value: 40 } }), ["dan", "cleo"]],
  [
    "several at once",
    () => ({ tag: "odd", where: { field: "contact.age", operator: "lessThan", value: 40 } }),
    ["bob"],
  ],
])("finds contacts by %s", async (_name, query, expected) => {
  expect(await found(query())).toEqual(expected);
});

test("goes through all by pages, each once, and leads on only while there is more", async () => {
  const seen: (string | null)[] = [];
  let cursor: string | null = null;
  do {
    const page = await listContacts(platform, platform.caller, { limit: 3, cursor });
    seen.push(...page.data.map(({ externalId }) => externalId));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seen).toEqual(["dan", "cleo", "bob", "ada"]);
  expect((await listContacts(platform, platform.caller, { limit: 4 })).nextCursor).toBeNull();
});

test.each<[ContactQuery, string]>([
  [{ email: "x" }, "email"],
  [{ listId: "x" }, "listId"],
  [{ tag: "a\0" }, "tag"],
  [{ limit: 0 }, "limit"],
  [{ limit: 201 }, "limit"],
  [{ cursor: "eA" }, "cursor"],
  [{ createdAfter: new Date(-1e15) }, "createdAfter"],
  [{ where: { field: "contact.age", operator: "nonsense" } }, "where.operator"],
  [{ where: { field: "event.total", operator: "exists" } }, "where"],
])("refuses %j", async (query, path) => {
  await expect(found(query)).rejects.toMatchObject({
    code: "invalid_request",
    issues: [expect.objectContaining({ path })],
  });
});

test("shows nothing of another workspace", async () => {
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  for (const query of [{}, { email: "bob@x.example" }, { listId }])
    expect((await listContacts(platform, other, query)).data).toEqual([]);
});

test("a condition asks for what contacts have done and for segments; one over a segment that is not there is refused", async () => {
  await platform.recorder.add({ workspaceId: platform.workspaceId, events: [paid("dan")] });
  expect(await found({ where: { event: "paid" } })).toEqual(["dan"]);
  const { id } = await createSegment(platform, platform.caller, {
    name: "Nobody yet",
    definition: { event: "paid" },
  });
  expect(await found({ where: { and: [{ not: { segment: id } }, { event: "paid" }] } })).toEqual(["dan"]);
  await expect(found({ where: { segment: newId() } })).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "where" }],
  });
});

function paid(externalId: string) {
  const blank = { payload: {}, occurredAt: null, source: "test", client: null, target: null };
  return { ...blank, name: "paid", identity: { externalId } };
}
