import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyChange, type Contact, type ContactChange } from "../core/contact.ts";
import type { Json } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { sampleContact } from "../testing/step-suite.ts";
import { type ContactPatch, insertContacts, loadContacts, patchContacts } from "./contacts.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const at = new Date("2026-03-01T12:00:00Z");
const names = ["plan", "città", "a", "b", "constructor"];
const json: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json[]>("", "gold", 0, -1.5, 1e21, true, [], {}, [null, { x: null }], { deep: { er: 1 } }),
  fc.string({ unit: "grapheme-ascii" }),
);
const properties = (value: fc.Arbitrary<Json>) =>
  fc.dictionary(fc.constantFrom(...names), value, { noNullPrototype: true });
const tags = fc.uniqueArray(fc.constantFrom("vip", "new", "É", "a'b", "x,y", '"q"', "null"), { maxLength: 4 });
const change: fc.Arbitrary<Exclude<ContactChange, { kind: "set-membership" | "suppress" }>> = fc.oneof(
  properties(fc.oneof(json, fc.constant(null))).map((given) => ({
    kind: "set-properties" as const,
    properties: given,
  })),
  tags.map((given) => ({ kind: "add-tags" as const, tags: given })),
  tags.map((given) => ({ kind: "remove-tags" as const, tags: given })),
);

function patchOf(
  { lane, id }: Contact,
  given: Exclude<ContactChange, { kind: "set-membership" | "suppress" }>,
): ContactPatch {
  const blank = {
    externalId: null,
    email: null,
    phone: null,
    timeZone: null,
    locale: null,
    properties: {},
    unset: [],
    replace: false,
    addTags: [],
    removeTags: [],
  };
  const patch: ContactPatch = { ...blank, lane, id, at };
  if (given.kind === "add-tags") return { ...patch, addTags: given.tags };
  if (given.kind === "remove-tags") return { ...patch, removeTags: given.tags };
  const entries = Object.entries(given.properties);
  const set = Object.fromEntries(entries.filter(([, value]) => value !== null));
  return { ...patch, properties: set, unset: entries.filter(([, value]) => value === null).map(([name]) => name) };
}

function contactOf(number: number, own: Pick<Contact, "properties" | "tags">): Contact {
  return sampleContact({
    ...own,
    id: `0190a000-0000-7000-8000-0000000${String(number).padStart(5, "0")}`,
    lane: number % 64,
  });
}

test("a patch in the database makes of a contact what the same change makes of it in memory", async () => {
  let number = 0;
  const scene = fc.array(fc.record({ properties: properties(json), tags, change }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(scene, async (parts) => {
      const contacts = parts.map((part) => contactOf(number++, { properties: part.properties, tags: part.tags }));
      await insertContacts(database.sql, contacts);
      await patchContacts(
        database.sql,
        contacts.map((contact, index) => patchOf(contact, (parts[index] as (typeof parts)[number]).change)),
      );
      const stored = new Map((await loadContacts(database.sql, contacts)).map((row) => [row.id, row]));
      for (const [index, contact] of contacts.entries()) {
        const { lists: _, ...expected } = applyChange(contact, (parts[index] as (typeof parts)[number]).change);
        expect(stored.get(contact.id)).toEqual(expected);
      }
    }),
    { numRuns: 50 },
  );
});

test("identities, time zone and locale are set where they are given, and stay where they are not", async () => {
  const contact = contactOf(90_001, { properties: {}, tags: [] });
  await insertContacts(database.sql, [contact]);
  await patchContacts(database.sql, [
    { ...patchOf(contact, { kind: "add-tags", tags: [] }), email: "new@example.com", locale: "pt" },
  ]);
  const [stored] = await loadContacts(database.sql, [contact]);
  expect(stored).toMatchObject({
    email: "new@example.com",
    locale: "pt",
    phone: contact.phone,
    timeZone: contact.timeZone,
    externalId: contact.externalId,
  });
});

test("replacing leaves only the properties given", async () => {
  const contact = contactOf(90_002, { properties: { a: 1, b: 2 }, tags: [] });
  await insertContacts(database.sql, [contact]);
  await patchContacts(database.sql, [
    { ...patchOf(contact, { kind: "set-properties", properties: { plan: "x" } }), replace: true },
  ]);
  expect((await loadContacts(database.sql, [contact]))[0]?.properties).toEqual({ plan: "x" });
});

test("patches of several writers at once all count", async () => {
  const contacts = [90_003, 90_004, 90_005].map((each) => contactOf(each, { properties: {}, tags: [] }));
  await insertContacts(database.sql, contacts);
  const writers = Array.from({ length: 20 }, (_, writer) => {
    const order = writer % 2 === 0 ? contacts : [...contacts].reverse();
    return patchContacts(
      database.sql,
      order.map((contact) => ({
        ...patchOf(contact, { kind: "set-properties", properties: { [`p${writer}`]: writer } }),
        addTags: [`t${writer}`],
      })),
    );
  });
  await Promise.all(writers);
  for (const row of await loadContacts(database.sql, contacts)) {
    expect(Object.keys(row.properties)).toHaveLength(20);
    expect(row.tags).toHaveLength(20);
  }
});

test("a patch of a contact that is gone changes nothing, and it is not loaded", async () => {
  const contact = contactOf(90_006, { properties: {}, tags: [] });
  await patchContacts(database.sql, [patchOf(contact, { kind: "add-tags", tags: ["x"] })]);
  expect(await loadContacts(database.sql, [contact])).toHaveLength(0);
});
