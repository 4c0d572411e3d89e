import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { laneOfValue } from "../core/id.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { flowWith, makeContacts, startable } from "../testing/broadcast-fixture.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { cancelBroadcast, getBroadcast, listBroadcasts, pauseBroadcast, resumeBroadcast } from "./broadcasts.ts";
import { archiveFlow, pauseFlow, resumeFlow } from "./flow-state.ts";
import { createFlow } from "./flows.ts";
import { publishFlow } from "./publish-flow.ts";
import { type StartInput, startFlow } from "./start-flow.ts";

let database: TestDatabase;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.sql`truncate contact, contact_identity, event_queue, flow, broadcast, schedule cascade`;
  platform = await createTestPlatform(database.sql);
});

async function publish(definition: JsonObject): Promise<string> {
  const { id } = await createFlow(platform, platform.caller, { definition });
  await publishFlow(platform, platform.caller, { id });
  return id;
}

const declared = { kind: "start", config: { variables: { coupon: { type: "string", required: true } } } };
const start = (input: StartInput) => startFlow(platform, platform.caller, input);
const refusal = (issues: Json) => ({ code: "invalid_request", issues });
const nobody = "0190a000-0000-7000-8000-0000000fffff";
const where = { field: "contact.tags", operator: "includesAny", value: ["tenth"] };

async function known(): Promise<string> {
  await makeContacts(database.sql, { workspaceId: platform.workspaceId, count: 1 });
  const lane = laneOfValue("ada@example.com");
  const [row] = await database.sql<[{ id: string }]>`
    insert into contact_identity select ${lane}, workspace_id, 'email', 'ada@example.com', lane, id from contact returning contact_id as id`;
  return row.id;
}

test("puts one contact in line, with the variables, at normal priority", async () => {
  const contactId = await known();
  const id = await publish(flowWith(declared));
  const started = await start({ id, contact: { email: "Ada@Example.com" }, variables: { coupon: "A" } });
  expect(started).toMatchObject({ flowId: id, entry: "begin", results: [{ status: "queued", contactId }] });
  const [event] = await database.sql`
    select e.name, e.payload, e.target_entry as entry, q.priority, e.id = q.event_id as "isQueued" from event_queue q join event e on e.id = q.event_id`;
  expect(event).toEqual({
    name: `$start:${id}`,
    payload: { coupon: "A" },
    entry: "begin",
    priority: 1,
    isQueued: true,
  });
  expect(platform.signalled).toHaveLength(1);
});

test("each of several contacts stands for itself", async () => {
  const contactId = await known();
  const id = await publish(flowWith(startable));
  const contacts = [{ id: contactId }, { id: nobody }, { email: "no mail" }, { email: "bea@example.com" }];
  const started = await start({ id, contacts });
  expect(started).toMatchObject({
    results: [
      { status: "queued", contactId },
      { status: "refused", issues: [{ path: "contacts[1]" }] },
      { status: "refused", issues: [{ path: "contacts[2].email" }] },
      { status: "refused", issues: [{ path: "contacts[3]" }] },
    ],
  });
});

test("one contact that is not there, or another workspace's, is not found", async () => {
  const id = await publish(flowWith(startable));
  await expect(start({ id, contact: { id: nobody } })).rejects.toMatchObject({ code: "contact_not_found" });
  const other = await createTestWorkspace(database.sql);
  await makeContacts(database.sql, { workspaceId: other, count: 1 });
  const [contact] = await database.sql<[{ id: string }]>`select id from contact`;
  await expect(start({ id, contact: { id: contact.id } })).rejects.toMatchObject({ code: "contact_not_found" });
  const stranger = { ...platform.caller, workspaceId: other };
  await expect(startFlow(platform, stranger, { id, where })).rejects.toMatchObject({ code: "flow_not_found" });
});

test("an audience becomes a broadcast at low priority, and the engine is told", async () => {
  const id = await publish(flowWith(startable));
  const before = platform.woken();
  const started = await start({ id, where });
  expect(started).toMatchObject({
    broadcast: { cause: "api", audience: { where }, priority: "low", state: "running", counts: { queued: 0 } },
  });
  expect(platform.woken()).toBe(before + 1);
});

test.each<[JsonObject, string, string]>([
  [{}, "", "must have exactly one of contact, contacts, list, segment and where"],
  [{ where, list: nobody }, "", "must have exactly one of contact, contacts, list, segment and where"],
  [{ list: nobody }, "list", `there is no list ${nobody}`],
  [
    { where: { field: "event.total", operator: "exists" } },
    "where",
    "must only look at the contact; it asks for event.total",
  ],
  [{ where, variables: { coupon: 1 } }, "variables.coupon", "must be text"],
  [{ where, variables: {} }, "variables.coupon", "is required"],
  [{ where, variables: { coupon: "A", x: 1 } }, "variables.x", "is not a variable of the entry; there are coupon"],
  [{ where, entry: "other" }, "entry", "must be one of begin"],
])("refuses %j at %s: %s", async (input, path, message) => {
  const id = await publish(flowWith(declared));
  const given = { id, variables: { coupon: "A" }, ...input } as StartInput;
  await expect(start(given)).rejects.toMatchObject(refusal([{ path, message }]));
});

test("a flow that lets nobody in cannot be started", async () => {
  const { id: draft } = await createFlow(platform, platform.caller, { definition: flowWith(startable) });
  await expect(start({ id: draft, where })).rejects.toMatchObject({ code: "invalid_state" });
  const id = await publish(flowWith(startable));
  await pauseFlow(platform, platform.caller, { id });
  await expect(start({ id, where })).rejects.toMatchObject({ code: "invalid_state", detail: { status: "paused" } });
  const event = { kind: "event", config: { event: "go" } };
  const other = await publish(flowWith(event));
  await expect(start({ id: other, where })).rejects.toMatchObject(
    refusal([{ path: "entry", message: "the flow has no entry of kind start" }]),
  );
});

test("a broadcast is paused, resumed and cancelled, and no other way", async () => {
  const flowId = await publish(flowWith(startable));
  const started = await start({ id: flowId, where });
  const id = "broadcast" in started ? started.broadcast.id : "";
  expect(await pauseBroadcast(platform, platform.caller, { id })).toMatchObject({ state: "paused" });
  expect(await resumeBroadcast(platform, platform.caller, { id })).toMatchObject({ state: "running" });
  expect(await cancelBroadcast(platform, platform.caller, { id })).toMatchObject({ state: "cancelled" });
  await expect(resumeBroadcast(platform, platform.caller, { id })).rejects.toMatchObject({ code: "invalid_state" });
  expect(await getBroadcast(platform, platform.caller, { id })).toMatchObject({
    state: "cancelled",
    reason: "by_request",
  });
  expect(await listBroadcasts(platform, platform.caller, { flowId })).toMatchObject({
    data: [{ id }],
    nextCursor: null,
  });
  const stranger = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  await expect(getBroadcast(platform, stranger, { id })).rejects.toMatchObject({ code: "broadcast_not_found" });
  expect(await listBroadcasts(platform, stranger, {})).toMatchObject({ data: [] });
});

test("schedules are there while the flow is active, and its broadcasts end when it is archived", async () => {
  const weekly = { kind: "schedule", config: { cron: "30 9 * * 1", audience: { where } } };
  const entries = { begin: { ...startable, next: "done" }, weekly: { ...weekly, next: "done" } };
  const id = await publish({ ...flowWith(startable), entries });
  const schedules = () => database.sql`select entry, next_at as "nextAt", seen_at as "seenAt" from schedule`;
  // By the zone of the workspace: Rome.
  const first = { entry: "weekly", nextAt: new Date("2026-03-02T08:30:00Z"), seenAt: platform.now() };
  expect(await schedules()).toEqual([first]);
  await pauseFlow(platform, platform.caller, { id });
  expect(await schedules()).toEqual([]);
  platform.setNow(new Date("2026-03-05T10:00:00Z"));
  await resumeFlow(platform, platform.caller, { id });
  expect(await schedules()).toMatchObject([{ nextAt: new Date("2026-03-09T08:30:00Z"), seenAt: platform.now() }]);
  await start({ id, where });
  await archiveFlow(platform, platform.caller, { id });
  expect(await schedules()).toEqual([]);
  expect(await database.sql`select state, reason from broadcast`).toEqual([
    { state: "cancelled", reason: "flow_archived" },
  ]);
});

test("a schedule for a list that is not there is not published", async () => {
  const weekly = { kind: "schedule", config: { cron: "30 9 * * 1", audience: { list: nobody } } };
  await expect(publish(flowWith(weekly))).rejects.toMatchObject({
    code: "invalid_flow",
    issues: [{ path: "entries.begin.config.audience.list", message: `there is no list ${nobody}` }],
  });
});
