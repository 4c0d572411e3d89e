import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Audience, audienceSchema, isInAudience } from "../../core/audience.ts";
import type { Condition } from "../../core/condition/condition.ts";
import { readsOf } from "../../core/condition/reads.ts";
import type { MembershipState } from "../../core/contact.ts";
import type { Json } from "../../core/json.ts";
import { withAllFacts } from "../../operations/contact-facts.ts";
import { createList } from "../../operations/lists.ts";
import { upsertContact } from "../../operations/upsert-contact.ts";
import { countAudience, readAudience } from "../../storage/audience.ts";
import { listContactRecords } from "../../storage/contact-reads.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { makeSegment, openWorld, type World } from "../../testing/segment-world.ts";

const [list, segment] = ["0190a000-0000-7000-8000-00000000000a", "0190a000-0000-7000-8000-00000000000b"];
const plan: Condition = { field: "contact.plan", operator: "is", value: "gold" };
const vip: Condition = { field: "contact.tags", operator: "includes", value: "vip" };
const leaf = fc.constantFrom<Condition>(
  plan,
  vip,
  { field: "contact.plan", operator: "isNot", value: "gold" } as Condition,
  { field: "contact.age", operator: "atLeast", value: 18 } as Condition,
  { field: "contact.plan", operator: "exists" } as Condition,
  { field: "contact.lists", operator: "includes", value: list } as Condition,
  { segment } as Condition,
  { event: "paid" },
  { event: "paid", count: { atMost: 1 }, within: { amount: 1, unit: "days" } },
);
const where = fc.oneof(
  leaf,
  fc.record({ not: leaf }),
  fc.record({ and: fc.array(leaf, { minLength: 1, maxLength: 3 }) }),
  fc.record({ or: fc.array(leaf, { minLength: 1, maxLength: 3 }) }),
) as fc.Arbitrary<Condition>;
const audience: fc.Arbitrary<unknown> = fc.oneof(
  fc.constant({ list }),
  fc.constant({ segment }),
  fc.constant(null),
  fc.record({ where }),
);
const person = fc.record({
  plan: fc.constantFrom<Json>("gold", "free", 5, undefined as unknown as Json),
  age: fc.constantFrom<Json>(17, 18, "18", undefined as unknown as Json),
  isVip: fc.boolean(),
  state: fc.constantFrom<MembershipState | null>("subscribed", "unsubscribed", "unconfirmed", null),
  paid: fc.nat({ max: 2 }),
});
type Person = typeof person extends fc.Arbitrary<infer Made> ? Made : never;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function addPerson({ engine, platform }: World, who: Person, { name, listId }: { name: string; listId: string }) {
  const properties = JSON.parse(JSON.stringify({ plan: who.plan, age: who.age }));
  const lists = who.state === null ? [] : [{ id: listId, state: who.state }];
  const addTags = who.isVip ? ["vip"] : [];
  await upsertContact(platform, platform.caller, { externalId: name, properties, addTags, lists });
  for (let times = 0; times < who.paid; times += 1)
    await engine.record({ name: "paid", identity: { externalId: name } });
}

/** All of the audience, in parts as a broadcast reads it. */
async function inSql({ engine }: World, wanted: Audience | null): Promise<string[]> {
  const about = { workspaceId: engine.workspaceId, audience: wanted, dates: null, limit: 2, look: 3 };
  const ids: string[] = [];
  for (let after: string | null = "00000000-0000-0000-0000-000000000000"; after !== null; ) {
    const part = await readAudience(database.sql, { ...about, after, now: engine.clock.now });
    ids.push(...part.contacts.map(({ id }) => id));
    after = part.cursor;
  }
  return ids;
}

async function inMemory({ engine }: World, wanted: Audience | null): Promise<string[]> {
  const { workspaceId, clock } = engine;
  const none = {
    ids: null,
    tag: null,
    listId: null,
    createdAfter: null,
    createdBefore: null,
    before: null,
    where: null,
  };
  const rows = await listContactRecords(database.sql, { ...none, workspaceId, limit: 100, now: clock.now });
  const reads = wanted && "where" in wanted ? [readsOf([wanted.where])] : [];
  const contacts = await withAllFacts(database.sql, rows, { reads, now: clock.now });
  const workspace = engine.flows.workspace(workspaceId);
  if (!workspace) throw new Error("There is no workspace.");
  return contacts.filter((each) => isInAudience(wanted, each, { workspace, now: clock.now })).map(({ id }) => id);
}

test("an audience is the same contacts in the database and in memory", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(person, { minLength: 1, maxLength: 6 }),
      fc.array(audience, { minLength: 6, maxLength: 10 }),
      async (people, audiences) => {
        const world = await openWorld(database.sql);
        const { id: listId } = await createList(world.platform, world.platform.caller, { name: "List" });
        const definition = { or: [plan, { and: [vip, { event: "paid" }] }] } as unknown as Json;
        const segmentId = await makeSegment(world, "Segment", definition);
        for (const [index, who] of people.entries()) await addPerson(world, who, { name: `p${index}`, listId });
        await world.engine.settle();
        for (const each of audiences) {
          const text = JSON.stringify(each).replaceAll(String(list), listId).replaceAll(String(segment), segmentId);
          const wanted = each === null ? null : audienceSchema.parse(JSON.parse(text));
          const found = await inSql(world, wanted);
          expect([text, [...found].sort()]).toEqual([text, (await inMemory(world, wanted)).sort()]);
          const { workspaceId } = world.engine;
          const count = await countAudience(database.sql, { workspaceId, audience: wanted });
          if (count !== null) expect(count).toBe(found.length);
        }
        expect(world.engine.errors).toEqual([]);
        await world.stop();
      },
    ),
    { numRuns: 6, endOnFailure: true },
  );
}, 120_000);

test("an audience may ask what contacts have done, and for other segments", async () => {
  const world = await openWorld(database.sql);
  const paid = { plan: "gold", age: 30, isVip: false, state: null, paid: 1 };
  const { id: listId } = await createList(world.platform, world.platform.caller, { name: "List" });
  await addPerson(world, paid, { name: "payer", listId });
  await addPerson(world, { ...paid, paid: 0 }, { name: "other", listId });
  await world.engine.settle();
  expect(await inSql(world, audienceSchema.parse({ where: { event: "paid" } }))).toHaveLength(1);
  const within = await makeSegment(world, "Paid", { event: "paid" });
  expect(await inSql(world, audienceSchema.parse({ where: { not: { segment: within } } }))).toHaveLength(1);
  await world.stop();
});
