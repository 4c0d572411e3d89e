import { afterAll, beforeAll, expect, test } from "vitest";
import type { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { addCounts } from "../storage/counters.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { archiveFlow, deleteFlow, pauseFlow, resumeFlow } from "./flow-state.ts";
import { flowCounts, getVersion, listVersions } from "./flow-versions.ts";
import { checkFlow, createFlow, getFlow, listFlows, updateFlow } from "./flows.ts";
import { createList, deleteList } from "./lists.ts";
import { newId } from "./new-id.ts";
import { publishFlow } from "./publish-flow.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

type Make = { event?: string; calls?: Record<string, Json>; name?: string };

function definition({ event = "order.paid", calls = {}, name = "Thanks" }: Make = {}): Json {
  const entries = { paid: { kind: "event", config: { event }, next: "done" }, ...calls };
  return { schema: 1, name, entries, steps: { done: { kind: "end", config: {} } } };
}

const call = (config: Json) => ({ kind: "incoming-call", config, next: "done" });
const create = (flow: Json) => createFlow(platform, platform.caller, { definition: flow });
const publish = (id: string, flow?: Json) => publishFlow(platform, platform.caller, { id, definition: flow });
const hears = async (event: string) => {
  await platform.flows.refresh(platform.sql);
  return platform.flows.hears(platform.workspaceId, event);
};

test("a draft may be unfinished, and says what is wrong with it", async () => {
  const flow = await create({ name: "Unfinished", steps: 5 });
  expect(flow).toMatchObject({
    name: "Unfinished",
    status: "draft",
    version: null,
    definition: { name: "Unfinished", steps: 5 },
  });
  expect(flow.issues.map(({ path }) => path)).toContain("steps");
  expect(await getFlow(platform, platform.caller, { id: flow.id })).toEqual(flow);
  expect(await getFlow(platform, platform.caller, { id: String(flow.number) })).toEqual(flow);
});

test.each<[string, Json, string]>([
  ["text", "x", ""],
  ["no name", {}, "name"],
  ["a name that is too long", { name: "x".repeat(201) }, "name"],
  ["text that cannot be kept", { name: "x", steps: { a: "\0" } }, "steps.a"],
])("refuses to store %s", async (_name, flow, path) => {
  await expect(create(flow)).rejects.toMatchObject({
    code: "invalid_request",
    issues: [expect.objectContaining({ path })],
  });
});

test("checks a flow without storing it", async () => {
  expect(await checkFlow(platform, platform.caller, { definition: definition() })).toEqual({ valid: true, issues: [] });
  const checked = await checkFlow(platform, platform.caller, {
    definition: { ...(definition() as object), steps: {} },
  });
  expect(checked).toMatchObject({
    valid: false,
    issues: expect.arrayContaining([expect.objectContaining({ path: "entries.paid.next" })]),
  });
});

test("publishing makes numbered versions that stay as they were, and ingest hears of them", async () => {
  const { id } = await create(definition({ event: "one" }));
  expect(await hears("one")).toBe(false);
  expect(await publish(id)).toMatchObject({ status: "active", version: 1 });
  expect(await hears("one")).toBe(true);
  await updateFlow(platform, platform.caller, { id, definition: definition({ event: "two", name: "Renamed" }) });
  expect(await hears("two")).toBe(false);
  expect(await publish(id)).toMatchObject({ version: 2, name: "Renamed" });
  expect([await hears("one"), await hears("two")]).toEqual([false, true]);
  const versions = await listVersions(platform, platform.caller, { id });
  expect(versions.data).toMatchObject([{ version: 2, publishedBy: "test" }, { version: 1 }]);
  const first = await getVersion(platform, platform.caller, { id, version: 1 });
  expect(first).toMatchObject({
    flowId: id,
    definition: { name: "Thanks", reentry: { mode: "never" }, entries: { paid: { config: { event: "one" } } } },
  });
  await expect(getVersion(platform, platform.caller, { id, version: 3 })).rejects.toMatchObject({
    code: "flow_version_not_found",
  });
});

test("an invalid flow is not published: every problem is named, and nothing changes", async () => {
  const { id } = await create(definition());
  const broken = { ...(definition() as object), steps: { done: { kind: "nothing", config: {} } } } as Json;
  await expect(publish(id, broken)).rejects.toMatchObject({
    code: "invalid_flow",
    issues: [{ path: "steps.done.kind" }],
  });
  expect(await getFlow(platform, platform.caller, { id })).toMatchObject({
    status: "draft",
    version: null,
    issues: [],
  });
});

test("each entry for incoming calls gets an address, and keeps it over versions", async () => {
  const calls = { shop: call({ map: { email: "email" } }), form: call({}) };
  const { id } = await create(definition({ calls }));
  const first = await publish(id);
  expect(first.incomingCalls.map(({ entry }) => entry)).toEqual(["form", "shop"]);
  for (const { token } of first.incomingCalls) expect(token).toMatch(/^[\w-]{43}$/);
  expect((await publish(id)).incomingCalls).toEqual(first.incomingCalls);
});

test("an incoming call must not join a list that is not there", async () => {
  const list = await createList(platform, platform.caller, { name: "Shop" });
  const { id } = await create(definition({ calls: { shop: call({ list: list.id }) } }));
  expect(await publish(id)).toMatchObject({ version: 1 });
  await deleteList(platform, platform.caller, { id: list.id });
  await expect(publish(id)).rejects.toMatchObject({
    code: "invalid_flow",
    issues: [{ path: "entries.shop.config.list" }],
  });
});

test("steps must not name flows and lists that are not there, or not in this workspace", async () => {
  const theirs = { ...platform.caller, workspaceId: await createTestWorkspace(platform.sql) };
  const other = await createFlow(platform, theirs, { definition: definition() });
  const [mine, list] = [
    await create(definition()),
    await createList(platform, platform.caller, { name: "Named in steps" }),
  ];
  const acting = (flow: string, listId: string) => {
    const steps = {
      start: { kind: "start-flow", config: { flow }, exits: { next: "leave" } },
      leave: { kind: "unsubscribe", config: { lists: [listId] }, exits: { next: "join" } },
      join: { kind: "update-contact", config: { joinLists: [listId] }, exits: { next: null } },
    };
    const entries = { paid: { kind: "event", config: { event: "order.paid" }, next: "start" } };
    return { schema: 1, name: "Acting", entries, steps };
  };
  const { id } = await create(acting(other.id, newId()));
  const error = await publish(id).catch((thrown: unknown) => thrown);
  expect((error as AppError).issues.map(({ path }) => path).sort()).toEqual([
    "steps.join.config.joinLists[0]",
    "steps.leave.config.lists[0]",
    "steps.start.config.flow",
  ]);
  expect(await publish(id, acting(mine.id.toUpperCase(), list.id))).toMatchObject({ version: 1 });
});

test("pause, resume and archive change what is heard, and doing one twice does no harm", async () => {
  const { id } = await create(definition({ event: "three" }));
  const act = { id };
  await expect(resumeFlow(platform, platform.caller, act)).rejects.toMatchObject({ code: "invalid_state" });
  await publish(id);
  expect((await pauseFlow(platform, platform.caller, act)).status).toBe("paused");
  expect((await pauseFlow(platform, platform.caller, act)).status).toBe("paused");
  // A paused flow still hears, so that events can say that it was paused.
  expect(await hears("three")).toBe(true);
  expect(await publish(id)).toMatchObject({ status: "paused", version: 2 });
  expect((await resumeFlow(platform, platform.caller, act)).status).toBe("active");
  expect((await archiveFlow(platform, platform.caller, act)).status).toBe("archived");
  expect(await hears("three")).toBe(false);
  await expect(publish(id)).rejects.toMatchObject({ code: "invalid_state" });
  await expect(pauseFlow(platform, platform.caller, act)).rejects.toMatchObject({ code: "invalid_state" });
  expect((await resumeFlow(platform, platform.caller, act)).status).toBe("active");
});

test("only a flow that was never published can be deleted", async () => {
  const draft = await create(definition());
  expect(await deleteFlow(platform, platform.caller, { id: draft.id })).toEqual({ id: draft.id });
  await expect(getFlow(platform, platform.caller, { id: draft.id })).rejects.toMatchObject({ code: "flow_not_found" });
  const published = await create(definition());
  await publish(published.id);
  await expect(deleteFlow(platform, platform.caller, { id: published.id })).rejects.toMatchObject({
    code: "invalid_state",
  });
});

test("publishing at once by several makes as many versions", async () => {
  const { id } = await create(definition());
  const flows = await Promise.all([1, 2, 3, 4].map(() => publish(id)));
  expect(flows.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4]);
});

test("lists flows by pages, newest first, and by status", async () => {
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) ids.unshift((await createFlow(platform, other, { definition: { name } })).id);
  const first = await listFlows(platform, other, { limit: 2 });
  expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  const second = await listFlows(platform, other, { limit: 2, cursor: first.nextCursor });
  expect(second).toMatchObject({ data: [{ id: ids[2] }], nextCursor: null });
  expect((await listFlows(platform, other, { status: "active" })).data).toEqual([]);
  await expect(listFlows(platform, other, { cursor: "nonsense" })).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "cursor" }],
  });
});

test.each(["no-id", "0", "-1", "99999999999999999999", newId()])("there is no flow %s", async (id) => {
  await expect(getFlow(platform, platform.caller, { id })).rejects.toMatchObject({ code: "flow_not_found" });
});

test("a flow of another workspace is not found", async () => {
  const { id } = await create(definition());
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  for (const act of [getFlow, publishFlow, pauseFlow, deleteFlow, flowCounts, listVersions]) {
    await expect(act(platform, other, { id })).rejects.toMatchObject({ code: "flow_not_found" });
  }
});

test("counts runs and exits by version", async () => {
  const { id } = await create(definition());
  const row = { lane: 1, workspaceId: platform.workspaceId, subject: id, version: 1 };
  await addCounts(database.sql, [
    { ...row, name: "started", by: 5 },
    { ...row, name: "mail:next", by: 2 },
    { ...row, lane: 2, name: "started", by: 1 },
    { ...row, version: 2, name: "failed", by: 1 },
  ]);
  const ended = { completed: 0, exited: 0, failed: 0, cancelled: 0 };
  const none = {
    started: 0,
    retried: 0,
    movedIn: 0,
    movedOut: 0,
    ...ended,
    exits: {},
    goals: {},
    dropped: {},
    messages: {},
    steps: {},
  };
  expect(await flowCounts(platform, platform.caller, { id })).toEqual({
    flowId: id,
    versions: [
      { ...none, version: 1, live: 6, started: 6, exits: { mail: { next: 2 } } },
      { ...none, version: 2, live: -1, failed: 1 },
    ],
  });
});
