import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json, JsonObject } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { getEvent } from "./events.ts";
import { archiveFlow, pauseFlow } from "./flow-state.ts";
import { createFlow } from "./flows.ts";
import { getContact } from "./get-contact.ts";
import { createList, deleteList } from "./lists.ts";
import type { Caller } from "./platform.ts";
import { publishFlow } from "./publish-flow.ts";
import { type IncomingCallInput, recordIncomingCall } from "./record-incoming-call.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

async function publish(config: Json) {
  const definition = {
    schema: 1,
    name: "Calls",
    entries: { shop: { kind: "incoming-call", config, next: "done" } },
    steps: { done: { kind: "end", config: {} } },
  };
  const { id } = await createFlow(platform, platform.caller, { definition });
  const flow = await publishFlow(platform, platform.caller, { id });
  return { ...flow, token: flow.incomingCalls[0]?.token ?? "" };
}

const call = (token: string, body: JsonObject, more: Partial<IncomingCallInput> = {}) =>
  recordIncomingCall(platform, { token, body, client: { ip: "192.0.2.1" }, caller: null, ...more });

test("a call becomes an event for its entry alone, with contact, properties and list from its body", async () => {
  const list = await createList(platform, platform.caller, { name: "Buyers" });
  const flow = await publish({ list: list.id, map: { email: "customer.mail", plan: "order.plan" } });
  const body = { customer: { mail: "Ada@Calls.Example" }, order: { plan: "gold", total: 3 } };
  const receipt = await call(flow.token, body);
  expect(receipt).toMatchObject({ contactCreated: true, flow: flow.number, replayed: false });
  expect(await getContact(platform, platform.caller, { by: "email", value: "ada@calls.example" })).toMatchObject({
    id: receipt.contactId,
    properties: { plan: "gold" },
    lists: [{ id: list.id, state: "subscribed" }],
  });
  expect(await getEvent(platform, platform.caller, { id: receipt.eventId })).toMatchObject({
    name: "$incoming-call",
    payload: body,
    source: "incoming-call",
    client: { ip: "192.0.2.1" },
    target: { flowId: flow.id, entry: "shop" },
    queued: true,
    pending: true,
    outcomes: [],
  });
});

test("properties that are fields of the list have the field's type, and one that does not fit is refused", async () => {
  const { id: list } = await createList(platform, platform.caller, {
    name: "Orders",
    fields: [
      { placeholder: "total", name: "Total", type: "number" },
      { placeholder: "sent_on", name: "Sent on", type: "date" },
    ],
  });
  const map = { email: "mail", total: "order.total", sent_on: "order.date", note: "note" };
  const flow = await publish({ list, map, require: ["email"] });
  const { contactId } = await call(flow.token, {
    ...{ mail: "typed@calls.example", note: "7" },
    order: { total: "12.50", date: "01/03/2026" },
  });
  expect(await getContact(platform, platform.caller, { by: "id", value: contactId })).toMatchObject({
    properties: { total: 12.5, sent_on: "2026-03-01", note: "7" },
  });
  await expect(call(flow.token, { order: { total: "many" } })).rejects.toMatchObject({
    issues: [{ path: "mail" }, { path: "order.total" }],
  });
});

test("a repeat with the same key is one event, and the key counts for this address only", async () => {
  const [one, two] = [await publish({}), await publish({})];
  const body = { email: "repeat@calls.example" };
  const idempotency = { key: "k", hash: "ab".repeat(32) };
  const first = await call(one.token, body, { idempotency });
  expect(await call(one.token, body, { idempotency })).toEqual({ ...first, contactCreated: true, replayed: true });
  expect((await call(two.token, body, { idempotency })).replayed).toBe(false);
});

test.each<[string, JsonObject, string]>([
  ["no identity", { x: 1 }, "customer.mail"],
  ["a broken address", { customer: { mail: "nobody" } }, "customer.mail"],
  ["an address that is no text", { customer: { mail: 5 } }, "customer.mail"],
  ["text that cannot be kept", { customer: { mail: "a@b.example" }, note: "\0" }, "note"],
])("a call with %s is refused, and the issue names the place in its body", async (_name, body, path) => {
  const { token } = await publish({ map: { email: "customer.mail" } });
  await expect(call(token, body)).rejects.toMatchObject({
    code: "invalid_request",
    issues: [expect.objectContaining({ path })],
  });
});

test.each(["", "x", "a".repeat(43), "a\0".repeat(20)])("there is nothing at the address %j", async (token) => {
  await expect(call(token, { email: "a@b.example" })).rejects.toMatchObject({ code: "entry_not_found" });
});

test("an address that wants an API key takes one of its own workspace only", async () => {
  const { token } = await publish({ auth: "api-key" });
  const body = { email: "key@calls.example" };
  const stranger: Caller = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  await expect(call(token, body)).rejects.toMatchObject({ code: "unauthorized" });
  await expect(call(token, body, { caller: stranger })).rejects.toMatchObject({ code: "unauthorized" });
  await expect(call(token, body, { caller: { ...platform.caller, scopes: new Set() } })).rejects.toMatchObject({
    code: "forbidden",
  });
  expect(await call(token, body, { caller: platform.caller })).toMatchObject({ contactCreated: true });
});

test("calls to a paused or archived flow are kept as events, and one to an entry that is gone is not found", async () => {
  const flow = await publish({});
  await pauseFlow(platform, platform.caller, { id: flow.id });
  expect((await call(flow.token, { email: "paused@calls.example" })).flow).toBe(flow.number);
  await archiveFlow(platform, platform.caller, { id: flow.id });
  expect((await call(flow.token, { email: "paused@calls.example" })).contactCreated).toBe(false);
  const changed = await publish({});
  const definition = {
    schema: 1,
    name: "Changed",
    entries: { other: { kind: "incoming-call", config: {}, next: "done" } },
    steps: { done: { kind: "end", config: {} } },
  };
  await publishFlow(platform, platform.caller, { id: changed.id, definition });
  await expect(call(changed.token, { email: "a@calls.example" })).rejects.toMatchObject({ code: "entry_not_found" });
});

test("a list that was deleted since is not joined, and the call is kept", async () => {
  const list = await createList(platform, platform.caller, { name: "Gone" });
  const { token } = await publish({ list: list.id });
  await deleteList(platform, platform.caller, { id: list.id });
  await call(token, { email: "gone@calls.example" });
  expect((await getContact(platform, platform.caller, { by: "email", value: "gone@calls.example" })).lists).toEqual([]);
});
