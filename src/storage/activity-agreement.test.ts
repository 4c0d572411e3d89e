import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { messageTypes } from "../core/condition/ast.ts";
import { type Condition, checkCondition, evaluate, explain } from "../core/condition/condition.ts";
import { conditionLimits } from "../core/condition/limits.ts";
import { readsOf } from "../core/condition/reads.ts";
import { type Contact, contactScope } from "../core/contact.ts";
import type { PastEvent, PastMessageEvent } from "../core/flow/activity.ts";
import { withLane } from "../core/id.ts";
import { withAllFacts } from "../operations/contact-facts.ts";
import { newId } from "../operations/new-id.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { sampleContact } from "../testing/step-suite.ts";
import { listContactRecords } from "./contact-reads.ts";
import { insertContacts } from "./contacts.ts";
import { insertEvents } from "./events.ts";
import { insertMessageEvents } from "./message-events.ts";
import { insertMessages } from "./messages.ts";
import { insertSegmentMembers } from "./segment-members.ts";

const workspaceId = "0190a000-0000-7000-8000-0000000000ff";
const segments = ["0190a000-0000-7000-8000-00000000aaaa", "0190a000-0000-7000-8000-00000000bbbb"] as const;
const flows = ["0190a000-0000-7000-8000-00000000cccc", "0190a000-0000-7000-8000-00000000dddd"] as const;
const links = ["https://a.example/", "https://b.example/?x=1"] as const;
const now = new Date("2026-03-31T12:00:00Z");
let database: TestDatabase;
/** As they were made, and as they are read back. */
let contacts: Contact[];

const instant = fc
  .record({ days: fc.constantFrom(-1, 0, 1, 7, 28, 31, 365), by: fc.constantFrom(-1, 0, 1) })
  .map(({ days, by }) => new Date(now.getTime() - days * 86_400_000 + by));
const payload = fc.record(
  {
    total: fc.constantFrom<unknown>(5, 50, "50", null, [5]),
    on: fc.constantFrom("2026-03-31", "2026-03-30T12:00:00Z", "soon"),
    items: fc.constant([{ sku: "A" }]),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const event = fc.record({ name: fc.constantFrom("paid", "seen"), payload, occurredAt: instant });
const message = fc.record({
  flowId: fc.constantFrom(null, ...flows),
  step: fc.constantFrom(null, "mail", "offer"),
  events: fc.array(
    fc.record({
      type: fc.constantFrom("sent", "opened", "clicked"),
      at: instant,
      link: fc.constantFrom(null, ...links),
    }),
    { maxLength: 3 },
  ),
});
const contact = fc.record({
  events: fc.array(event, { maxLength: 4 }),
  messages: fc.array(message, { maxLength: 3 }),
  segments: fc.subarray([...segments]),
  plan: fc.constantFrom("gold", "free"),
});

beforeAll(async () => {
  database = await createTestDatabase();
  contacts = fc.sample(contact, { numRuns: 80, seed: 11 }).map(makeContact);
  await insertContacts(database.sql, contacts);
  for (const each of contacts) await store(each);
});
afterAll(() => database.drop());

function makeContact(made: typeof contact extends fc.Arbitrary<infer Made> ? Made : never, index: number): Contact {
  const id = `0190a000-0000-7000-8000-0000000${String(index).padStart(5, "0")}`;
  const messages = made.messages.flatMap(({ flowId, step, events }): PastMessageEvent[] => {
    const messageId = newId();
    return events.map(({ type, at, link }) => ({ type, at, link, messageId, flowId, step }));
  });
  return sampleContact({
    ...{ id, workspaceId, lane: Number.parseInt(id.slice(-2), 16) % 64, properties: { plan: made.plan } },
    segments: made.segments,
    activity: { events: made.events as PastEvent[], messages },
  });
}

async function store({ id: contactId, lane, activity, segments: own = [] }: Contact): Promise<void> {
  const { sql } = database;
  const { events = [], messages = [] } = activity ?? {};
  const of = { lane, contactId, workspaceId };
  const none = { client: null, targetFlowId: null, targetEntry: null, queued: false, source: "test" };
  const rows = events.map((past) => ({ ...of, ...none, ...past, id: withLane(newId(), lane), acceptedAt: now }));
  if (rows.length > 0) await insertEvents(sql, rows);
  const byId = new Map(messages.map((past) => [past.messageId, past]));
  if (byId.size > 0)
    await insertMessages(
      sql,
      [...byId.values()].map(({ messageId, flowId, step }) => ({
        ...{ ...of, id: messageId, channel: "email", runId: null, flowId, version: 1, step, visit: 1 },
        ...{ purpose: "marketing" as const, createdAt: now, depth: 0, topic: null },
      })),
    );
  if (messages.length > 0)
    await insertMessageEvents(
      sql,
      messages.map(({ messageId, type, at, link }) => ({
        ...{ lane, messageId, id: newId(), workspaceId, type: type as "sent", at },
        detail: link === null ? null : { link },
      })),
    );
  if (own.length > 0)
    await insertSegmentMembers(
      sql,
      own.map((segmentId) => ({ ...of, segmentId, at: now })),
    );
}

const within = fc.constantFrom(
  { amount: 1, unit: "days" },
  { amount: 1, unit: "months" },
  { amount: 24, unit: "hours" },
  { amount: 7, unit: "days" },
);
const number = fc.constantFrom(0, 1, 2, 3, 1000);
const count = fc.oneof(
  fc.record({ atLeast: number.filter((value) => value > 0) }),
  fc.record({ atMost: number }),
  fc.record({ exactly: number }),
);
const where = fc.constantFrom(
  { field: "event.total", operator: "atLeast", value: 50 },
  { field: "event.total", operator: "missing" },
  { not: { field: "event.total", operator: "is", value: 5 } },
  { field: "event.on", operator: "withinLast", value: { amount: 1, unit: "days" } },
  {
    and: [
      { field: "event.items[0].sku", operator: "is", value: "A" },
      { field: "event.on", operator: "exists" },
    ],
  },
);
const options = { noNullPrototype: true } as const;
const eventLeaf = fc.record(
  { event: fc.constantFrom("paid", "seen", "none"), where, within, count },
  { requiredKeys: ["event"], ...options },
);
const messageLeaf = fc.record(
  {
    message: fc.constantFrom("sent", "opened", "clicked", "bounced"),
    flow: fc.constantFrom(...flows),
    step: fc.constantFrom("mail", "offer"),
    link: fc.constantFrom(...links),
    within,
    count,
  },
  { requiredKeys: ["message"], ...options },
);
const other = fc.constantFrom(
  { segment: segments[0] },
  { segment: segments[1] },
  { segment: flows[0] },
  { field: "contact.plan", operator: "is", value: "gold" },
  { field: "contact.segments", operator: "includes", value: segments[0] },
  { field: "contact.segments", operator: "isEmpty" },
);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    { weight: 5, arbitrary: fc.oneof(eventLeaf, messageLeaf, other) as fc.Arbitrary<Condition> },
    fc.record({ and: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie("condition") }),
  ),
}));

async function idsWhere(wanted: Condition): Promise<string[]> {
  const none = { ids: null, tag: null, listId: null, createdAfter: null, createdBefore: null, before: null };
  const rows = await listContactRecords(database.sql, { ...none, workspaceId, limit: 1000, now, where: wanted });
  return rows.map(({ id }) => id).reverse();
}

function idsAmong(known: readonly Contact[], wanted: Condition): string[] {
  return known.filter((each) => evaluate(wanted, { contact: contactScope(each) }, now)).map(({ id }) => id);
}

test("what contacts have done means the same in memory and to the database, and as it is loaded", async () => {
  const some = fc.array(condition, { minLength: 1, maxLength: 8, size: "max" });
  await fc.assert(
    fc.asyncProperty(some, async (conditions) => {
      for (const wanted of conditions) {
        expect(checkCondition(wanted)).toEqual([]);
        const expected = idsAmong(contacts, wanted);
        expect(await idsWhere(wanted), JSON.stringify(wanted)).toEqual(expected);
        const loaded = await withAllFacts(database.sql, contacts, { reads: [readsOf([wanted])], now });
        expect(idsAmong(loaded, wanted), `as loaded: ${JSON.stringify(wanted)}`).toEqual(expected);
        for (const each of contacts.slice(0, 5)) {
          const scope = { contact: contactScope(each) };
          expect(explain(wanted, scope, now).result).toBe(evaluate(wanted, scope, now));
        }
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("of very many events the newest count, on both sides", async () => {
  const [first] = contacts as [Contact];
  const { id: contactId, lane } = first;
  const events = Array.from({ length: conditionLimits.activity + 5 }, (_, index) => ({
    ...{ lane, contactId, workspaceId, id: withLane(newId(), lane), name: "many", payload: { index }, acceptedAt: now },
    ...{ source: "test", client: null, targetFlowId: null, targetEntry: null, queued: false, occurredAt: now },
  }));
  await insertEvents(database.sql, events);
  const old: Condition = { event: "many", where: { field: "event.index", operator: "lessThan", value: 5 } };
  const all: Condition = { event: "many", count: { exactly: conditionLimits.activity } };
  for (const wanted of [old, all]) {
    const loaded = await withAllFacts(database.sql, [first], { reads: [readsOf([wanted])], now });
    expect(idsAmong(loaded, wanted)).toEqual(await idsWhere(wanted));
  }
  expect(await idsWhere(all)).toEqual([contactId]);
});

test("conditions can ask for everything that is recorded of messages", () => {
  expect(messageTypes).toEqual(expect.arrayContaining(["sent", "deferred", "bounced", "failed", "held", "cancelled"]));
});
