import { afterAll, beforeAll, expect, test } from "vitest";
import { deleteContact } from "../../operations/delete-contact.ts";
import { setMembership } from "../../operations/list-members.ts";
import { createList } from "../../operations/lists.ts";
import {
  explainSegment,
  getSegment,
  listSegmentMembers,
  listSegments,
  previewSegment,
} from "../../operations/segment-reads.ts";
import { createSegment, deleteSegment, updateSegment } from "../../operations/segments.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { makeSegment, membersOf, openWorld, saveContact } from "../../testing/segment-world.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const gold = { field: "contact.plan", operator: "is", value: "gold" };
const week = { amount: 7, unit: "days" };

test("a segment is built from the contacts there are, and kept up as they change", async () => {
  const world = await openWorld(database.sql);
  for (let index = 0; index < 12; index += 1)
    await saveContact(world, `c-${index}`, { properties: { plan: index % 2 ? "gold" : "free" } });
  const { id } = await createSegment(world.platform, world.platform.caller, { name: "Gold", definition: gold });
  expect(await getSegment(world.platform, world.platform.caller, { id })).toMatchObject({
    ...{ state: "building", progress: 0, members: 0 },
  });
  await world.build();
  expect(await getSegment(world.platform, world.platform.caller, { id })).toMatchObject({
    ...{ state: "ready", progress: 1, members: 6 },
  });
  await saveContact(world, "c-0", { properties: { plan: "gold" } });
  await saveContact(world, "c-1", { properties: { plan: null } });
  await saveContact(world, "new", { properties: { plan: "gold" } });
  await world.engine.record({ name: "hello", identity: { externalId: "c-2" }, properties: { plan: "gold" } });
  await world.engine.record({ name: "hello", identity: { externalId: "event" }, properties: { plan: "gold" } });
  expect(await membersOf(world, id)).toEqual(["c-0", "c-11", "c-2", "c-3", "c-5", "c-7", "c-9", "event", "new"]);
  await world.stop();
});

test("tags, lists and identities count, and so do contacts that are new or deleted", async () => {
  const world = await openWorld(database.sql);
  const { platform } = world;
  const list = await createList(platform, platform.caller, { name: "News" });
  const id = await makeSegment(world, "Reached", {
    or: [
      { field: "contact.tags", operator: "includes", value: "vip" },
      { field: "contact.lists", operator: "includes", value: list.id },
      { field: "contact.email", operator: "endsWith", value: "@a.example" },
    ],
  });
  await saveContact(world, "tag", { addTags: ["vip"] });
  const listed = await saveContact(world, "list", {});
  await setMembership(platform, platform.caller, { listId: list.id, contactId: listed, state: "subscribed" });
  await world.engine.record({ name: "x", identity: { externalId: "mail", email: "m@a.example" } });
  await world.engine.record({ name: "x", identity: { externalId: "late" } });
  await world.engine.record({ name: "x", identity: { externalId: "late", email: "l@a.example" } });
  expect(await membersOf(world, id)).toEqual(["late", "list", "mail", "tag"]);
  await saveContact(world, "tag", { removeTags: ["vip"] });
  await setMembership(platform, platform.caller, { listId: list.id, contactId: listed, state: "unsubscribed" });
  const { data } = await listSegmentMembers(platform, platform.caller, { segmentId: id });
  const late = data.find(({ contact }) => contact.externalId === "late");
  await deleteContact(platform, platform.caller, { id: late?.contactId ?? "" });
  expect(await membersOf(world, id)).toEqual(["mail"]);
  await world.stop();
});

test("events bring contacts in, and time takes them out", async () => {
  const world = await openWorld(database.sql);
  const { engine, platform } = world;
  await saveContact(world, "old", {});
  await engine.record({ name: "paid", identity: { externalId: "old" }, occurredAt: new Date("2026-02-25T10:00:00Z") });
  const buyers = await makeSegment(world, "Buyers", { event: "paid", within: week });
  const quiet = await makeSegment(world, "Quiet", { not: { event: "paid", within: week } });
  await engine.record({ name: "paid", identity: { externalId: "twice" } });
  expect(await membersOf(world, buyers)).toEqual(["old", "twice"]);
  await engine.advanceTo(new Date("2026-03-03T10:00:00Z"));
  await engine.record({ name: "paid", identity: { externalId: "twice" } });
  await engine.advanceTo(new Date("2026-03-04T10:00:00.000Z"));
  expect(await membersOf(world, buyers)).toEqual(["old", "twice"]);
  await engine.advanceTo(new Date("2026-03-04T10:00:00.001Z"));
  expect(await membersOf(world, buyers)).toEqual(["twice"]);
  expect(await membersOf(world, quiet)).toEqual(["old"]);
  await engine.advanceTo(new Date("2026-03-10T10:00:00.000Z"));
  expect(await membersOf(world, buyers)).toEqual(["twice"]);
  const [{ contactId } = { contactId: "" }] = (
    await listSegmentMembers(platform, platform.caller, { segmentId: buyers })
  ).data;
  expect(await explainSegment(platform, platform.caller, { segmentId: buyers, contactId })).toMatchObject({
    isMember: true,
    definition: { event: "paid", actual: 1, lastAt: "2026-03-03T10:00:00.000Z", result: true },
    nextChangeAt: new Date("2026-03-10T10:00:00.001Z"),
  });
  await engine.advanceTo(new Date("2026-03-10T10:00:00.001Z"));
  expect(await membersOf(world, buyers)).toEqual([]);
  const [left] = await database.sql<{ checks: number }[]>`
    select count(*)::int as checks from contact_check where workspace_id = ${engine.workspaceId}`;
  expect(left?.checks).toBe(0);
  expect(engine.errors).toEqual([]);
  await world.stop();
});

test("a segment over segments follows them, also when one of them is redefined", async () => {
  const world = await openWorld(database.sql);
  const { platform } = world;
  for (const [name, plan] of Object.entries({ a: "gold", b: "free", c: "silver" }))
    await saveContact(world, name, { properties: { plan } });
  const inner = await makeSegment(world, "Inner", gold);
  const outer = await makeSegment(world, "Outer", { not: { segment: inner } });
  const third = await makeSegment(world, "Third", {
    and: [{ segment: outer }, { field: "contact.plan", operator: "exists" }],
  });
  expect(await membersOf(world, outer)).toEqual(["b", "c"]);
  await saveContact(world, "b", { properties: { plan: "gold" } });
  expect(await membersOf(world, third)).toEqual(["c"]);
  const changed = { definition: { field: "contact.plan", operator: "is", value: "silver" } };
  await updateSegment(platform, platform.caller, { id: inner, ...changed });
  expect((await listSegments(platform, platform.caller, {})).data.map(({ state }) => state)).toEqual(
    Array(3).fill("building"),
  );
  await world.build();
  expect(await membersOf(world, third)).toEqual(["a", "b"]);
  const circle = updateSegment(platform, platform.caller, {
    id: inner,
    definition: { or: [gold, { segment: third }] },
  });
  await expect(circle).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "definition.or[1].segment", message: "would make a circle: Inner → Third → Outer → Inner" }],
  });
  await expect(deleteSegment(platform, platform.caller, { id: inner })).rejects.toMatchObject({
    ...{ code: "segment_in_use", detail: { segments: ["Outer"] } },
  });
  await deleteSegment(platform, platform.caller, { id: third });
  await deleteSegment(platform, platform.caller, { id: outer });
  await world.build();
  await makeSegment(world, "Outer", gold);
  await world.stop();
});

test("flows hear who enters and leaves, and why", async () => {
  const world = await openWorld(database.sql);
  const { engine, platform } = world;
  await saveContact(world, "a", { properties: { plan: "gold" } });
  const id = await makeSegment(world, "Gold", gold);
  const names = [`$segment-entered:${id}`, `$segment-left:${id}`];
  const { sql } = database;
  await sql`update flow_version set heard_by_runs = ${names} where workspace_id = ${engine.workspaceId}`;
  await engine.publish(listener(names[0] as string));
  await sql`update flow_version set heard_by_runs = ${names} where workspace_id = ${engine.workspaceId}`;
  await saveContact(world, "b", { properties: { plan: "gold" } });
  await saveContact(world, "a", { properties: { plan: "free" } });
  await updateSegment(platform, platform.caller, { id, definition: { not: gold } });
  await world.build();
  const told = await sql<{ name: string; cause: string; who: string; priority: number }[]>`
    select e.name, e.payload ->> 'cause' as cause, c.external_id as who, e.priority
      from event e join contact c on c.lane = e.lane and c.id = e.contact_id
     where e.workspace_id = ${engine.workspaceId} and e.name like '$segment%' order by e.id`;
  expect(told.slice(0, 2)).toEqual([
    { name: names[0], cause: "change", who: "b", priority: 1 },
    { name: names[1], cause: "change", who: "a", priority: 1 },
  ]);
  expect(told.slice(2).map(({ name, cause, who, priority }) => [name, cause, who, priority])).toEqual(
    expect.arrayContaining([
      [names[0], "definition", "a", 2],
      [names[1], "definition", "b", 2],
    ]),
  );
  expect(told).toHaveLength(4);
  await world.stop();
});

/** A flow that is published, whatever it listens to: what it hears is set by hand. */
function listener(_name: string) {
  return {
    ...{ schema: 1, name: "Listener" },
    entries: { begin: { kind: "event", config: { event: "never" }, next: "done" } },
    steps: { done: { kind: "end", config: {} } },
  };
}

test("a condition in a flow sees events and segments of the contact, and a run's change reaches segments", async () => {
  const world = await openWorld(database.sql);
  const { engine } = world;
  const segment = await makeSegment(world, "Gold", gold);
  const done = await makeSegment(world, "Done", { field: "contact.tags", operator: "includes", value: "seen" });
  const when = { and: [{ segment }, { event: "paid", within: week, count: { exactly: 2 } }] };
  await engine.publish({
    ...{ schema: 1, name: "Two orders", reentry: { mode: "always" } },
    entries: { begin: { kind: "event", config: { event: "paid" }, next: "which" } },
    steps: {
      which: { kind: "condition", config: { paths: [{ name: "second", when }] }, exits: { second: "tag", else: null } },
      tag: { kind: "update-contact", config: { addTags: ["seen"] }, exits: { next: null } },
    },
  });
  await saveContact(world, "a", { properties: { plan: "gold" } });
  for (const who of ["a", "b", "b"]) await engine.record({ name: "paid", identity: { externalId: who } });
  await engine.settle();
  expect(await membersOf(world, done)).toEqual([]);
  await engine.record({ name: "paid", identity: { externalId: "a" } });
  expect(await membersOf(world, done)).toEqual(["a"]);
  expect(engine.errors).toEqual([]);
  await world.stop();
});

test("a preview counts and shows some, and stores nothing", async () => {
  const world = await openWorld(database.sql);
  const { platform } = world;
  for (let index = 0; index < 12; index += 1) await saveContact(world, `c-${index}`, { properties: { plan: "gold" } });
  const { count, sample } = await previewSegment(platform, platform.caller, { definition: gold });
  expect([count, sample.length]).toEqual([12, 10]);
  expect((await listSegments(platform, platform.caller, {})).data).toEqual([]);
  await expect(
    previewSegment(platform, platform.caller, {
      definition: { and: [gold, { field: "event.x", operator: "exists" }] },
    }),
  ).rejects.toMatchObject({ code: "invalid_request", issues: [{ path: "definition" }] });
  await expect(
    previewSegment(platform, platform.caller, { definition: { and: [gold, { event: "a", count: {} }] } }),
  ).rejects.toMatchObject({ issues: [{ path: "definition.and[1].count" }] });
  await world.stop();
});

test("nobody sees the segments of another workspace, nor its contacts", async () => {
  const [one, other] = [await openWorld(database.sql), await openWorld(database.sql)];
  await saveContact(one, "mine", { properties: { plan: "gold" } });
  await saveContact(other, "theirs", { properties: { plan: "gold" } });
  const id = await makeSegment(one, "Gold", gold);
  expect(await membersOf(one, id)).toEqual(["mine"]);
  const { platform } = other;
  const missing = { code: "segment_not_found" };
  await expect(getSegment(platform, platform.caller, { id })).rejects.toMatchObject(missing);
  await expect(listSegmentMembers(platform, platform.caller, { segmentId: id })).rejects.toMatchObject(missing);
  await expect(updateSegment(platform, platform.caller, { id, name: "x" })).rejects.toMatchObject(missing);
  await expect(deleteSegment(platform, platform.caller, { id })).rejects.toMatchObject(missing);
  await expect(
    createSegment(platform, platform.caller, { name: "Over", definition: { segment: id } }),
  ).rejects.toMatchObject({ issues: [{ path: "definition.segment", message: `there is no segment ${id}` }] });
  expect((await previewSegment(platform, platform.caller, { definition: gold })).count).toBe(1);
  await Promise.all([one.stop(), other.stop()]);
});

test("a workspace without segments has nothing put in line for their sake", async () => {
  const world = await openWorld(database.sql);
  await saveContact(world, "a", { properties: { plan: "gold" } });
  const [receipt] = (
    await world.engine.recorder.add({
      workspaceId: world.engine.workspaceId,
      events: [
        ...[{ name: "x", identity: { externalId: "a" }, payload: {}, occurredAt: null, source: "test" }].map(
          (event) => ({
            ...{ ...event, client: null, target: null },
          }),
        ),
      ],
    })
  ).events;
  expect(receipt?.listened).toBe(false);
  await world.stop();
});
