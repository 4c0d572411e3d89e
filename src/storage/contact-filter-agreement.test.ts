import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Condition, evaluate } from "../core/condition/condition.ts";
import { type Contact, contactScope, type MembershipState } from "../core/contact.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { sampleContact } from "../testing/step-suite.ts";
import { listContactRecords } from "./contact-reads.ts";
import { insertContacts } from "./contacts.ts";
import { setMemberships } from "./memberships.ts";

const workspaceId = "0190a000-0000-7000-8000-0000000000ff";
const lists = ["0190a000-0000-7000-8000-00000000aaaa", "0190a000-0000-7000-8000-00000000bbbb"] as const;
const now = new Date("2026-03-01T12:00:00Z");
let database: TestDatabase;
let contacts: Contact[];

const contact = fc.record({
  externalId: fc.constantFrom("c-1", "C-1", "x"),
  email: fc.constantFrom(null, "ada@example.com", "bob@example.com"),
  phone: fc.constantFrom(null, "+393331234567"),
  properties: fc.record(
    {
      plan: fc.constantFrom("gold", "Gold", null, 5, ["gold"]),
      city: fc.constantFrom<unknown>({ name: "Roma" }, "Roma", [{ name: "Roma" }]),
      email: fc.constant("shadow"),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  tags: fc.subarray(["vip", "new"]),
  timeZone: fc.constantFrom(null, "Europe/Rome"),
  locale: fc.constantFrom(null, "it"),
  lists: fc.record(
    {
      [lists[0]]: fc.constantFrom<MembershipState>("subscribed", "unsubscribed"),
      [lists[1]]: fc.constant<MembershipState>("subscribed"),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
  createdAt: fc.constantFrom(new Date("2026-02-01T10:00:00Z"), new Date("2026-02-28T23:59:59.999Z")),
});

beforeAll(async () => {
  database = await createTestDatabase();
  contacts = fc.sample(contact, { numRuns: 120, seed: 7 }).map((fields, index) => {
    const id = `0190a000-0000-7000-8000-0000000${String(index).padStart(5, "0")}`;
    return sampleContact({
      ...(fields as Partial<Contact>),
      id,
      workspaceId,
      lane: Number.parseInt(id.slice(-2), 16) % 64,
    });
  });
  await insertContacts(database.sql, contacts);
  await setMemberships(
    database.sql,
    contacts.flatMap(({ id, lane, lists: own }) =>
      Object.entries(own).map(([listId, state]) => ({ lane, contactId: id, listId, workspaceId, state, at: now })),
    ),
  );
});
afterAll(() => database.drop());

const leaves: Condition[] = [
  ...[
    "id",
    "externalId",
    "email",
    "phone",
    "tags",
    "lists",
    "timeZone",
    "locale",
    "createdAt",
    "plan",
    "city.name",
    "city[0].name",
    "none",
    "tags[0]",
    "email.x",
  ].flatMap((field) => [
    { field: `contact.${field}`, operator: "exists" },
    { field: `contact.${field}`, operator: "isEmpty" },
    { field: `contact.${field}`, operator: "is", value: "Roma" },
  ]),
  { field: "contact.email", operator: "is", value: "ada@example.com" },
  { field: "contact.email", operator: "isNot", value: "shadow" },
  { field: "contact.plan", operator: "contains", value: "gold" },
  { field: "contact.plan", operator: "in", value: ["gold", 5] },
  { field: "contact.tags", operator: "includes", value: "vip" },
  { field: "contact.tags[0]", operator: "is", value: "new" },
  { field: "contact.lists", operator: "includes", value: lists[0] },
  { field: "contact.lists", operator: "notIncludes", value: lists[1] },
  { field: "contact.createdAt", operator: "before", value: "2026-02-28T23:59:59.999Z" },
  { field: "contact.createdAt", operator: "withinLast", value: { amount: 7, unit: "days" } },
  { field: "contact.externalId", operator: "startsWith", value: "c-" },
  { field: "event.total", operator: "exists" },
];
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: fc.constantFrom(...leaves) },
    fc.record({ and: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("condition") }),
  ),
}));

async function idsWhere(where: Condition): Promise<string[]> {
  const filter = {
    workspaceId,
    ids: null,
    tag: null,
    listId: null,
    createdAfter: null,
    createdBefore: null,
    before: null,
    limit: 1000,
    now,
  };
  return (await listContactRecords(database.sql, { ...filter, where })).map(({ id }) => id);
}

async function expectAgreement(where: Condition): Promise<void> {
  const expected = contacts.filter((each) => evaluate(where, { contact: contactScope(each) }, now)).map(({ id }) => id);
  expect(await idsWhere(where), JSON.stringify(where)).toEqual(expected.reverse());
}

test("every field of a contact means the same to the database as in memory", async () => {
  for (const leaf of leaves) await expectAgreement(leaf);
});

test("so does every condition made of them", async () => {
  await fc.assert(fc.asyncProperty(condition, expectAgreement), { numRuns: 150 });
});
