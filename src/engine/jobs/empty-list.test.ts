import { afterAll, beforeAll, expect, test } from "vitest";
import { cancelJob, listJobs } from "../../operations/jobs.ts";
import { createList, deleteList } from "../../operations/lists.ts";
import { flowWith, makeContacts } from "../../testing/broadcast-fixture.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestEngine } from "../../testing/engine.ts";
import { makeSegment, membersOf, openWorld, saveContact, type World } from "../../testing/segment-world.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A list of which all contacts are members. */
async function listOfAll({ platform }: World): Promise<string> {
  const { id } = await createList(platform, platform.caller, { name: "News" });
  await database.sql`
    insert into membership (lane, contact_id, list_id, workspace_id, state, joined_at, updated_at)
    select lane, id, ${id}, workspace_id, case when external_id = 'c7' then 'unsubscribed' else 'subscribed' end, now(), now()
      from contact where workspace_id = ${platform.workspaceId}`;
  return id;
}

async function startedBy(flowId: string) {
  const [row] = await database.sql`
    select count(*)::int as runs, count(distinct contact_id)::int as contacts from run where flow_id = ${flowId}`;
  return row;
}

async function membersLeft(listId: string) {
  const [row] = await database.sql`select count(*)::int as members from membership where list_id = ${listId}`;
  return row?.["members"];
}

test("deleting a list tells flows who left, and segments over it are empty then", async () => {
  const world = await openWorld(database.sql);
  const { platform, engine } = world;
  for (const name of ["a", "b"]) await saveContact(world, name, {});
  const list = await listOfAll(world);
  const segment = await makeSegment(world, "Readers", { field: "contact.lists", operator: "includes", value: list });
  const left = await engine.publish(flowWith({ kind: "list-changed", config: { list, change: "left" } }));
  expect(await membersOf(world, segment)).toEqual(["a", "b"]);
  await deleteList(platform, platform.caller, { id: list });
  expect(await membersOf(world, segment)).toEqual([]);
  expect(await startedBy(left)).toEqual({ runs: 2, contacts: 2 });
  expect((await listJobs(platform, platform.caller, {})).data).toEqual([]);
  await world.stop();
});

test("the members of a large list leave it in chunks, also when the process ends between them, each once", async () => {
  const world = await openWorld(database.sql);
  const { platform, engine } = world;
  const { workspaceId } = engine;
  await makeContacts(database.sql, { workspaceId, count: 3500 });
  const list = await listOfAll(world);
  const left = await engine.publish(flowWith({ kind: "list-changed", config: { list, change: "left" } }));
  await deleteList(platform, platform.caller, { id: list });
  expect(await membersLeft(list)).toBe(2500);
  const [job] = (await listJobs(platform, platform.caller, {})).data;
  await expect(cancelJob(platform, platform.caller, { id: job?.id ?? "" })).rejects.toMatchObject({
    code: "invalid_state",
  });
  await world.stop();
  const next = await createTestEngine({ sql: database.sql, workspaceId });
  await next.settle();
  expect(await membersLeft(list)).toBe(0);
  expect(await startedBy(left)).toEqual({ runs: 3499, contacts: 3499 });
  expect((await listJobs(platform, platform.caller, {})).data).toMatchObject([
    { kind: "empty-list", status: "done", progress: 1, counts: { removed: 2500 } },
  ]);
  await next.stop();
});
