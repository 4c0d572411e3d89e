import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Condition, evaluate } from "../../core/condition/condition.ts";
import { readsOf } from "../../core/condition/reads.ts";
import { contactScope } from "../../core/contact.ts";
import type { Json } from "../../core/json.ts";
import { withAllFacts } from "../../operations/contact-facts.ts";
import { getSegment } from "../../operations/segment-reads.ts";
import { updateSegment } from "../../operations/segments.ts";
import { listContactRecords } from "../../storage/contact-reads.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { makeSegment, membersOf, openWorld, saveContact, type World } from "../../testing/segment-world.ts";
import { buildRound } from "./build-segment.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const definitions: Condition[] = [
  { field: "contact.plan", operator: "is", value: "gold" },
  { event: "paid", within: { amount: 2, unit: "days" } },
  {
    and: [
      { not: { event: "paid", count: { atLeast: 2 } } },
      { field: "contact.tags", operator: "includes", value: "vip" },
    ],
  },
  { field: "contact.due", operator: "withinNext", value: { amount: 1, unit: "days" } },
  { event: "seen", where: { field: "event.total", operator: "atLeast", value: 5 }, count: { atMost: 1 } },
];
const who = fc.constantFrom("a", "b", "c", "d");
const action = fc.oneof(
  fc.record({ kind: fc.constant("plan" as const), who, value: fc.constantFrom("gold", "free", null) }),
  fc.record({ kind: fc.constant("tag" as const), who, value: fc.boolean() }),
  fc.record({ kind: fc.constant("due" as const), who, value: fc.constantFrom(1, 30, 60) }),
  fc.record({
    kind: fc.constant("event" as const),
    who,
    name: fc.constantFrom("paid", "seen"),
    total: fc.constantFrom(1, 9),
  }),
  fc.record({ kind: fc.constant("time" as const), hours: fc.constantFrom(1, 13, 25) }),
  fc.record({ kind: fc.constant("define" as const), which: fc.nat(2), as: fc.nat(definitions.length - 1) }),
  fc.record({ kind: fc.constant("build" as const), chunks: fc.nat(20) }),
);
type Action = typeof action extends fc.Arbitrary<infer Made> ? Made : never;

test("after any changes, in any order with rebuilding, the members are those for whom the definition holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 25, size: "max" }), async (actions) => {
      const world = await openWorld(database.sql, 1);
      const ids: string[] = [];
      for (const definition of definitions.slice(0, 3))
        ids.push(await makeSegment(world, `S${ids.length}`, definition as Json));
      ids.push(
        await makeSegment(world, "Over", {
          or: [{ segment: ids[0] as string }, { not: { segment: ids[1] as string } }],
        }),
      );
      for (const each of actions) await act(world, ids, each);
      await world.build();
      await world.engine.advanceTo(world.engine.clock.now);
      for (const id of ids) await expectTruth(world, id);
      expect(world.engine.errors).toEqual([]);
      await world.stop();
    }),
    { numRuns: 4, endOnFailure: true },
  );
}, 120_000);

async function act(world: World, ids: string[], action: Action): Promise<void> {
  const { engine, platform } = world;
  const now = engine.clock.now.getTime();
  if (action.kind === "plan") await saveContact(world, action.who, { properties: { plan: action.value } });
  else if (action.kind === "tag")
    await saveContact(world, action.who, { [action.value ? "addTags" : "removeTags"]: ["vip"] });
  else if (action.kind === "due")
    await saveContact(world, action.who, {
      properties: { due: new Date(now + action.value * 3_600_000).toISOString() },
    });
  else if (action.kind === "event")
    await engine.record({ name: action.name, identity: { externalId: action.who }, payload: { total: action.total } });
  else if (action.kind === "time") await engine.advanceTo(new Date(now + action.hours * 3_600_000));
  else if (action.kind === "define") {
    const definition = definitions[action.as] as unknown as Json;
    await updateSegment(platform, platform.caller, { id: ids[action.which] as string, definition });
  } else {
    const options = {
      sql: database.sql,
      flows: engine.flows,
      now: platform.now,
      chunk: 1,
      graceMs: 0,
      onWork: () => undefined,
    };
    for (let chunk = 0; chunk < action.chunks; chunk += 1) await buildRound(options);
  }
}

async function expectTruth(world: World, id: string): Promise<void> {
  const { platform } = world;
  const now = platform.now();
  const { definition, state } = await getSegment(platform, platform.caller, { id });
  expect(state).toBe("ready");
  const none = { ids: null, tag: null, listId: null, createdAfter: null, createdBefore: null, before: null };
  const filter = { ...none, workspaceId: world.engine.workspaceId, limit: 100, now };
  const inSql = await listContactRecords(database.sql, { ...filter, where: definition });
  const all = await listContactRecords(database.sql, { ...filter, where: null });
  const loaded = await withAllFacts(database.sql, all, { reads: [readsOf([definition])], now });
  const inMemory = loaded.filter((each) => evaluate(definition, { contact: contactScope(each) }, now));
  const members = await membersOf(world, id);
  expect(inMemory.map(({ externalId }) => externalId).sort(), JSON.stringify(definition)).toEqual(members);
  expect(inSql.map(({ externalId }) => externalId).sort()).toEqual(members);
}
