import { afterAll, beforeAll, expect, test } from "vitest";
import { laneOf } from "../../core/id.ts";
import { newId } from "../../operations/new-id.ts";
import { findInterrupted, insertMessageEvents } from "../../storage/message-events.ts";
import { insertMessages } from "../../storage/messages.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

async function post(url: string, payload: object, headers: Record<string, string> = {}) {
  const answer = await server.app.inject({ method: "POST", url, headers: { ...server.auth, ...headers }, payload });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}

/** A message to a contact that a reply has made, in the workspace of the server or another one. */
async function makeMessage(workspaceId?: string): Promise<{ id: string; lane: number }> {
  const said = await post("/v1/inbound-messages", { channel: "email", from: "ada@example.com", text: "hi" });
  const { contactId } = said.body;
  const [contact] = await database.sql`select workspace_id as "workspaceId" from contact where id = ${contactId}`;
  const [id, lane, createdAt] = [newId(), laneOf(contactId), new Date("2026-03-01T10:00:00Z")];
  const none = { runId: null, flowId: null, version: null, step: null, visit: null, depth: 0 };
  const owner = { lane, contactId, workspaceId: workspaceId ?? contact?.["workspaceId"] };
  await insertMessages(database.sql, [
    { ...owner, id, channel: "email", purpose: "marketing" as const, topic: null, createdAt, ...none },
  ]);
  return { id, lane };
}

test("a message from a contact makes it once, by its address, and a repeat happens once", async () => {
  const say = { channel: "whatsapp", from: "+39 333 123 4567", text: "STOP" };
  const first = await post("/v1/inbound-messages", say, { "idempotency-key": "in-1" });
  const second = await post("/v1/inbound-messages", say, { "idempotency-key": "in-1" });
  expect(first).toMatchObject({ status: 202, body: { contactCreated: true, listened: false } });
  expect(second).toMatchObject({ status: 202, body: first.body, headers: { "idempotent-replayed": "true" } });
  const next = await post("/v1/inbound-messages", { ...say, from: "+393331234567" });
  expect(next.body).toMatchObject({ contactId: first.body.contactId, contactCreated: false });
  const rows =
    await database.sql`select payload from event where name = '$inbound' and contact_id = ${first.body.contactId}`;
  expect(rows.map((row) => row["payload"])).toEqual([
    { channel: "whatsapp", text: "STOP", from: "+393331234567" },
    { channel: "whatsapp", text: "STOP", from: "+393331234567" },
  ]);
});

test.each([
  [{ channel: "email", from: "no address", text: "" }, "from"],
  [{ channel: "sms", from: "ada@example.com", text: "" }, "from"],
  [{ channel: "fax", from: "+393331234567", text: "" }, "channel"],
  [{ channel: "sms", from: "+393331234567", text: "x".repeat(50_001) }, "text"],
])("refuses %j for its %s", async (body, path) => {
  expect(await post("/v1/inbound-messages", body)).toMatchObject({ status: 422, body: { issues: [{ path }] } });
});

test("what is reported of a message is in its life, once for each Idempotency-Key", async () => {
  const { id } = await makeMessage();
  const click = { type: "clicked", link: "https://shop.example/sale" };
  const first = await post(`/v1/messages/${id}/events`, click, { "idempotency-key": "click-1" });
  expect(first).toMatchObject({ status: 202, body: { ...click, listened: false } });
  await post(`/v1/messages/${id}/events`, click, { "idempotency-key": "click-1" });
  await post(`/v1/messages/${id}/events`, { type: "opened" });
  const read = await server.app.inject({ url: `/v1/messages/${id}`, headers: server.auth });
  expect(read.json().events).toMatchObject([{ type: "clicked", detail: { link: click.link } }, { type: "opened" }]);
});

test("nothing is reported of a message that is not there, or is another workspace's", async () => {
  const { id } = await makeMessage(newId());
  for (const unknown of [id, newId(), "none"])
    expect(await post(`/v1/messages/${unknown}/events`, { type: "opened" })).toMatchObject({
      status: 404,
      body: { code: "message_not_found" },
    });
});

test.each([{ type: "sent" }, { type: "opened", link: "https://a.example" }, { type: "clicked", link: "" }])(
  "refuses to report %j",
  async (body) => {
    const { id } = await makeMessage();
    expect((await post(`/v1/messages/${id}/events`, body)).status).toBe(422);
  },
);

test("a report does not end an attempt that a crash left open", async () => {
  const { id, lane } = await makeMessage();
  const about = { lane, messageId: id, workspaceId: newId(), at: new Date("2026-03-01T10:00:00Z"), detail: null };
  await insertMessageEvents(database.sql, [{ ...about, id: newId(), type: "attempting" }]);
  await post(`/v1/messages/${id}/events`, { type: "delivered" });
  expect(await findInterrupted(database.sql, [{ lane, messageId: id }])).toEqual(new Set([id]));
  await insertMessageEvents(database.sql, [{ ...about, id: newId(), type: "sent" }]);
  expect(await findInterrupted(database.sql, [{ lane, messageId: id }])).toEqual(new Set());
});
