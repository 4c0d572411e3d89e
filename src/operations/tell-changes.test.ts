import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Json, JsonObject } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { createFlow } from "./flows.ts";
import { setMembership } from "./list-members.ts";
import { createList } from "./lists.ts";
import { publishFlow } from "./publish-flow.ts";
import { upsertContact } from "./upsert-contact.ts";

let database: TestDatabase;
let platform: TestPlatform;
let list: string;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  platform = await createTestPlatform(database.sql);
  list = (await createList(platform, platform.caller, { name: "News" })).id;
});
afterAll(() => database.drop());

/** Publishes a flow with these entries, and exit rules. */
async function listen(entries: Record<string, { kind: string; config: JsonObject }>, exitWhen: Json[] = []) {
  const flow = await createFlow(platform, platform.caller, {
    definition: {
      ...{ schema: 1, name: "Listens", exitWhen },
      entries: Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, { ...entry, next: "done" }])),
      steps: { done: { kind: "end", config: {} } },
    },
  });
  await publishFlow(platform, platform.caller, { id: flow.id });
}

const onPlan = (config: JsonObject = {}) => ({ kind: "property-changed", config: { property: "plan", ...config } });
const onTag = (change: string) => ({ kind: "tag-changed", config: { tag: "vip", change } });
const onList = (change: string) => ({ kind: "list-changed", config: { list, change } });
const upsert = (input: Parameters<typeof upsertContact>[2]) => upsertContact(platform, platform.caller, input);
const ada = { externalId: "ada" };

type Recorded = { name?: string; properties?: JsonObject; joinList?: string };
async function record(...events: Recorded[]) {
  const blank = { occurredAt: null, payload: {}, source: "test", client: null, target: null };
  await platform.recorder.add({
    workspaceId: platform.workspaceId,
    events: events.map((event) => ({ name: "seen", identity: ada, ...blank, ...event })),
  });
}

/** Names of what is in line, in order; a contact to be looked at again is `changed`. */
async function line(): Promise<string[]> {
  const rows = await database.sql<{ name: string | null }[]>`
    select e.name from event_queue q left join event e on e.id = q.event_id
     where coalesce(e.workspace_id, q.workspace_id) = ${platform.workspaceId} order by q.seq`;
  return rows.map(({ name }) => name?.replace(list, "news") ?? "changed");
}

async function changes() {
  const rows = await database.sql<{ name: string; payload: JsonObject }[]>`
    select name, payload from event where workspace_id = ${platform.workspaceId} and source = 'change' order by id`;
  return rows.map(({ name, payload }) => [name, payload["before"] ?? null, payload["after"] ?? null]);
}

test("without a flow that listens a change leaves nothing behind", async () => {
  await listen({ other: { kind: "property-changed", config: { property: "size" } } });
  await record({ properties: { plan: "gold" }, joinList: list });
  await upsert({
    ...ada,
    properties: { plan: "free" },
    addTags: ["vip"],
    lists: [{ id: list, state: "unsubscribed" }],
  });
  expect([await changes(), await line()]).toEqual([[], []]);
});

test("a property is told with both values, whichever way it is written", async () => {
  await listen({ plan: onPlan() });
  await record({ properties: { plan: "free" } });
  await record({ properties: { plan: "free", age: 1 } });
  await upsert({ ...ada, properties: { plan: { name: "gold" } } });
  await upsert({ ...ada, properties: { plan: { name: "gold" } } });
  await record({ properties: { plan: null } }, { properties: { plan: 5 } });
  await upsert({ ...ada, properties: {}, replaceProperties: true });
  expect(await changes()).toEqual([
    ["$property:plan", null, "free"],
    ["$property:plan", "free", { name: "gold" }],
    ["$property:plan", { name: "gold" }, null],
    ["$property:plan", null, 5],
    ["$property:plan", 5, null],
  ]);
});

test("a property that is set again is told only where an entry asks for it", async () => {
  await upsert({ ...ada, properties: { plan: "gold" } });
  await listen({ plan: onPlan({ alsoWhenSetAgain: true }) });
  await upsert({ ...ada, properties: { plan: "gold" } });
  await record({ properties: { plan: "gold" } }, { properties: { age: 1 } });
  expect(await changes()).toEqual([
    ["$property-set:plan", "gold", "gold"],
    ["$property-set:plan", "gold", "gold"],
  ]);
});

test("stands in line behind the event that brought it, with its lane signalled", async () => {
  await listen({ plan: onPlan(), seen: { kind: "event", config: { event: "seen" } }, joined: onList("joined") });
  platform.signalled.length = 0;
  await record({ properties: { plan: "free" }, joinList: list }, {}, { properties: { plan: "gold" } });
  expect(await line()).toEqual(["seen", "$property:plan", "$list-joined:news", "seen", "seen", "$property:plan"]);
  expect(new Set(platform.signalled).size).toBe(1);
});

test("the lane is signalled also when nobody listens to the event itself, and by an upsert", async () => {
  await listen({ plan: onPlan() });
  platform.signalled.length = 0;
  await record({ properties: { plan: "free" } });
  await upsert({ ...ada, properties: { plan: "gold" } });
  expect(platform.signalled).toHaveLength(2);
  expect(await line()).toEqual(["$property:plan", "$property:plan"]);
});

test("tags and lists are told when the contact gets and loses them", async () => {
  await listen({ a: onTag("added"), b: onTag("removed"), c: onList("joined"), d: onList("left") });
  const { contact } = await upsert({ ...ada, addTags: ["vip", "other"], lists: [{ id: list, state: "unconfirmed" }] });
  await upsert({ ...ada, addTags: ["vip"], lists: [{ id: list, state: "subscribed" }] });
  await record({ joinList: list });
  for (const state of ["unsubscribed", "unconfirmed", "subscribed", "subscribed"] as const)
    await setMembership(platform, platform.caller, { listId: list, contactId: contact.id, state });
  await upsert({ ...ada, tags: [] });
  expect(await line()).toEqual([
    "$tag-added:vip",
    "$list-joined:news",
    "$list-left:news",
    "$list-joined:news",
    "$tag-removed:vip",
  ]);
});

test("a contact is looked at again when live runs may care and it is not what it was", async () => {
  await listen({ seen: { kind: "event", config: { event: "go" } } }, [
    { when: { field: "contact.plan", operator: "is", value: "gold" } },
  ]);
  await upsert({ ...ada, properties: { plan: "free" } });
  await upsert({ ...ada, properties: { plan: "free" } });
  await record({ properties: { plan: "free" } });
  expect(await line()).toEqual(["changed"]);
  await record({ properties: { plan: "gold" } }, { name: "go", properties: { plan: "gold", age: 1 } });
  await upsert({ ...ada, timeZone: "Europe/Rome" });
  await upsert({ ...ada, email: "ada@change.example" });
  await upsert({ ...ada, lists: [{ id: list, state: "subscribed" }] });
  expect(await line()).toEqual(["changed", "go", "changed", "changed", "changed", "changed"]);
});

test("an identity that an event fills, and a contact that it makes, are looked at again too", async () => {
  await upsert(ada);
  await listen({ seen: { kind: "event", config: { event: "go" } } }, [
    { when: { field: "contact.plan", operator: "is", value: "gold" } },
  ]);
  const blank = { occurredAt: null, payload: {}, source: "test", client: null, target: null, name: "seen" };
  const add = (identity: object) =>
    platform.recorder.add({ workspaceId: platform.workspaceId, events: [{ ...blank, identity }] });
  await add({ ...ada, phone: "+393331110000" });
  await add({ externalId: "new" });
  await add({ ...ada, phone: "+393331110000" });
  expect(await line()).toEqual(["changed", "changed"]);
});

type Write = { by: "event" | "upsert"; properties: JsonObject; tags: string[]; state: string | null };

const write: fc.Arbitrary<Write> = fc.record({
  by: fc.constantFrom("event", "upsert"),
  properties: fc.dictionary(fc.constantFrom("plan", "size"), fc.constantFrom(null, 1, "1", "gold", { a: 1 }, [null])),
  tags: fc.subarray(["vip", "other"]),
  state: fc.constantFrom(null, "subscribed", "unsubscribed"),
});

test("over any writes, what is told are exactly the differences", async () => {
  await listen({ p: onPlan(), a: onTag("added"), b: onTag("removed"), c: onList("joined"), d: onList("left") });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 5 }), async (writes) => {
      round += 1;
      const identity = { externalId: `round-${round}` };
      const expected: unknown[] = [];
      let [plan, isVip, isMember] = [null as Json, false, false];
      for (const { by, properties, tags, state } of writes) {
        const isUpsert = by === "upsert";
        const next = Object.hasOwn(properties, "plan") ? (properties["plan"] ?? null) : plan;
        if (JSON.stringify(next) !== JSON.stringify(plan)) expected.push(["$property:plan", plan, next]);
        plan = next;
        if (isUpsert && tags.includes("vip") !== isVip) expected.push([isVip ? "$tag-removed:vip" : "$tag-added:vip"]);
        if (isUpsert) isVip = tags.includes("vip");
        const joins = isUpsert ? state === "subscribed" : state !== null;
        if (state !== null && joins !== isMember)
          expected.push([joins ? `$list-joined:${list}` : `$list-left:${list}`]);
        if (state !== null) isMember = joins;
        if (isUpsert)
          await upsert({
            ...identity,
            properties,
            tags,
            ...(state ? { lists: [{ id: list, state: state as never }] } : {}),
          });
        else {
          const blank = { occurredAt: null, payload: {}, source: "test", client: null, target: null, name: "seen" };
          const event = { ...blank, identity, properties, ...(state === null ? {} : { joinList: list }) };
          await platform.recorder.add({ workspaceId: platform.workspaceId, events: [event] });
        }
      }
      const rows = await database.sql<{ name: string; payload: JsonObject }[]>`
        select e.name, e.payload from event e join contact c on c.lane = e.lane and c.id = e.contact_id
         where c.external_id = ${identity.externalId} and c.workspace_id = ${platform.workspaceId} and e.source = 'change' order by e.id`;
      const told = rows.map(({ name, payload }) =>
        name.startsWith("$property") ? [name, payload["before"], payload["after"]] : [name],
      );
      expect(told).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});
