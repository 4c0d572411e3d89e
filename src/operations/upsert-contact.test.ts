import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { findStrayIdentities } from "../testing/stray-identities.ts";
import { deleteContact } from "./delete-contact.ts";
import { getContact } from "./get-contact.ts";
import { createList } from "./lists.ts";
import { newId } from "./new-id.ts";
import type { UpsertContactInput } from "./plan-contacts.ts";
import { upsertContact } from "./upsert-contact.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const upsert = (input: UpsertContactInput) => upsertContact(platform, platform.caller, input);
const byEmail = (value: string) => getContact(platform, platform.caller, { by: "email", value });
let count = 0;
const fresh = () => `person-${++count}`;

test("makes a contact once, and finds it again by any of its identities in any spelling", async () => {
  const made = await upsert({
    externalId: " ada ",
    email: "Ada@Example.COM",
    phone: "+39 333 123 4567",
    properties: { plan: "gold" },
  });
  expect(made.created).toBe(true);
  expect(made.contact).toMatchObject({
    externalId: "ada",
    email: "ada@example.com",
    phone: "+393331234567",
    properties: { plan: "gold" },
    tags: [],
    lists: [],
  });
  for (const input of [{ externalId: "ada" }, { email: "ADA@example.com" }, { phone: "0039 333 1234567" }]) {
    expect(await upsert(input)).toEqual({ contact: made.contact, created: false });
  }
});

test("lays properties over the present ones, removes those given as null, and replaces all when asked", async () => {
  const externalId = fresh();
  await upsert({ externalId, properties: { a: 1, b: { c: [1] }, d: "x" } });
  expect((await upsert({ externalId, properties: { a: 2, d: null, e: true } })).contact.properties).toEqual({
    a: 2,
    b: { c: [1] },
    e: true,
  });
  expect(
    (await upsert({ externalId, properties: { f: 1, a: null }, replaceProperties: true })).contact.properties,
  ).toEqual({ f: 1 });
});

test("replaces, adds and removes tags, in that order", async () => {
  const externalId = fresh();
  await upsert({ externalId, addTags: ["vip", " new ", "vip"] });
  expect((await upsert({ externalId, addTags: ["b"], removeTags: ["new"] })).contact.tags).toEqual(["vip", "b"]);
  expect((await upsert({ externalId, tags: ["c"], addTags: ["d"], removeTags: ["c"] })).contact.tags).toEqual(["d"]);
});

test("a changed e-mail frees the old one for somebody else", async () => {
  const externalId = fresh();
  const { contact } = await upsert({ externalId, email: "old@move.example" });
  await upsert({ externalId, email: "new@move.example" });
  expect((await byEmail("new@move.example")).id).toBe(contact.id);
  await expect(byEmail("old@move.example")).rejects.toMatchObject({ code: "contact_not_found" });
  expect((await upsert({ email: "old@move.example" })).created).toBe(true);
});

test("null clears an identity, and the last one cannot go", async () => {
  const externalId = fresh();
  const { contact } = await upsert({
    externalId,
    email: "cleared@move.example",
    timeZone: "Europe/Rome",
    locale: "it",
  });
  const cleared = await upsert({ externalId, email: null, timeZone: null, locale: null });
  expect(cleared.contact).toMatchObject({ id: contact.id, email: null, timeZone: null, locale: null });
  await expect(byEmail("cleared@move.example")).rejects.toMatchObject({ code: "contact_not_found" });
  await expect(upsert({ id: contact.id, externalId: null })).rejects.toMatchObject({ code: "invalid_request" });
});

test("refuses an identity that belongs to another contact, and changes nothing", async () => {
  const one = await upsert({ externalId: fresh(), email: "one@taken.example" });
  const two = await upsert({ externalId: fresh(), email: "two@taken.example" });
  const attempt = upsert({ externalId: two.contact.externalId, email: "one@taken.example", properties: { x: 1 } });
  await expect(attempt).rejects.toMatchObject({
    code: "identity_taken",
    detail: { kind: "email", contactId: one.contact.id },
  });
  expect(await byEmail("two@taken.example")).toEqual(two.contact);
});

test("a shared e-mail does not turn one person into another, but an id may change the external id", async () => {
  const { contact } = await upsert({ externalId: fresh(), email: "shared@taken.example" });
  const attempt = upsert({ externalId: fresh(), email: "shared@taken.example" });
  await expect(attempt).rejects.toMatchObject({
    code: "identity_taken",
    detail: { kind: "email", contactId: contact.id },
  });
  const renamed = fresh();
  expect((await upsert({ id: contact.id, externalId: renamed })).contact).toMatchObject({
    id: contact.id,
    externalId: renamed,
    email: "shared@taken.example",
  });
});

test("gives a known contact the identities it lacks", async () => {
  const { contact } = await upsert({ email: "lacking@fill.example" });
  const filled = await upsert({ email: "lacking@fill.example", phone: "+393339990001", externalId: fresh() });
  expect(filled).toMatchObject({ created: false, contact: { id: contact.id, phone: "+393339990001" } });
});

test("sets the state in lists, and refuses a list that is not there with nothing stored", async () => {
  const list = await createList(platform, platform.caller, { name: "News" });
  const externalId = fresh();
  const { contact } = await upsert({ externalId, lists: [{ id: list.id, state: "unconfirmed" }] });
  expect(contact.lists).toEqual([{ id: list.id, state: "unconfirmed" }]);
  const attempt = upsert({ externalId: "nobody", lists: [{ id: newId(), state: "subscribed" }] });
  await expect(attempt).rejects.toMatchObject({ code: "list_not_found" });
  await expect(getContact(platform, platform.caller, { by: "externalId", value: "nobody" })).rejects.toMatchObject({
    code: "contact_not_found",
  });
});

test.each<[string, UpsertContactInput, string[]]>([
  ["nobody", {}, [""]],
  ["a broken e-mail and phone", { email: "x", phone: "12" }, ["email", "phone"]],
  ["a property named like a field", { externalId: "x", properties: { email: "y" } }, ["properties.email"]],
  ["text that cannot be kept", { externalId: "x", properties: { a: ["\0"] } }, ["properties.a[0]"]],
  ["too many bytes of properties", { externalId: "x", properties: { a: "é".repeat(60_000) } }, ["properties"]],
  ["an empty tag", { externalId: "x", addTags: ["a", " "] }, ["addTags[1]"]],
  [
    "an unknown time zone and locale",
    { externalId: "x", timeZone: "Mars/North", locale: "x y" },
    ["timeZone", "locale"],
  ],
  ["a control character", { externalId: "a\0b" }, ["externalId"]],
])("refuses %s", async (_name, input, paths) => {
  const error = await upsert(input).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "invalid_request",
    issues: paths.map((path) => expect.objectContaining({ path })),
  });
});

test("refuses properties that only together become too large", async () => {
  const externalId = fresh();
  await upsert({ externalId, properties: { a: "x".repeat(60_000) } });
  await expect(upsert({ externalId, properties: { b: "x".repeat(60_000) } })).rejects.toMatchObject({
    code: "invalid_request",
  });
});

test.each(["no-uuid", newId()])("an id that nobody has (%s) is not found", async (id) => {
  await expect(upsert({ id, externalId: fresh() })).rejects.toMatchObject({ code: "contact_not_found" });
});

test("many that make the same new contact at once make one", async () => {
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      upsert({ externalId: "race", email: "race@example.com", properties: { [`p${index}`]: index } }),
    ),
  );
  expect(new Set(results.map(({ contact }) => contact.id)).size).toBe(1);
  expect(results.filter(({ created }) => created)).toHaveLength(1);
  expect(Object.keys((await byEmail("race@example.com")).properties)).toHaveLength(8);
});

test("contacts that fight over identities end with each identity owned by the one contact that shows it", async () => {
  const emails = ["a@fight.example", "b@fight.example", "c@fight.example"];
  const people = await Promise.all([0, 1, 2, 3].map((index) => upsert({ externalId: `fighter-${index}` })));
  const moves = Array.from({ length: 40 }, (_, index) =>
    upsert({ id: people[index % 4]?.contact.id, email: emails[(index * 7) % 3] ?? null }),
  );
  const outcomes = await Promise.allSettled([
    ...moves,
    deleteContact(platform, platform.caller, { id: people[3]?.contact.id ?? "" }),
  ]);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(["identity_taken", "contact_not_found"]).toContain(outcome.reason.code);
  }
  expect([...(await findStrayIdentities(database.sql))]).toEqual([]);
});

test("another workspace has its own contact of the same e-mail, and cannot reach ours", async () => {
  const { contact } = await upsert({ email: "both@example.com" });
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  expect((await upsertContact(platform, other, { email: "both@example.com" })).contact.id).not.toBe(contact.id);
  await expect(upsertContact(platform, other, { id: contact.id, properties: { a: 1 } })).rejects.toMatchObject({
    code: "contact_not_found",
  });
  await expect(getContact(platform, other, { by: "id", value: contact.id })).rejects.toMatchObject({
    code: "contact_not_found",
  });
});

test("needs the scope", async () => {
  const reader = { ...platform.caller, scopes: new Set(["contacts:read"]) };
  await expect(upsertContact(platform, reader, { externalId: "x" })).rejects.toMatchObject({
    code: "forbidden",
    detail: { scope: "contacts:write" },
  });
});

test("found by its phone, another contact's e-mail is refused, and one that has only the e-mail gets the phone", async () => {
  const [phone, other, third] = ["+393339990011", "+393339990012", "+393339990013"];
  const { contact } = await upsert({ phone, email: "owner@by.example" });
  await upsert({ email: "lonely@by.example" });
  expect((await upsert({ by: "phone", phone, email: "changed@by.example" })).contact).toMatchObject({
    id: contact.id,
    email: "changed@by.example",
  });
  await expect(upsert({ by: "phone", phone: other, email: "changed@by.example" })).rejects.toMatchObject({
    code: "identity_taken",
    detail: { kind: "email", contactId: contact.id },
  });
  const filled = await upsert({ by: "phone", phone: third, email: "lonely@by.example" });
  expect(filled).toMatchObject({ created: false, contact: { email: "lonely@by.example", phone: third } });
});
