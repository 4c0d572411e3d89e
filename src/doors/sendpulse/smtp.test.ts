import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { laneOf } from "../../core/id.ts";
import { newIdInLane } from "../../operations/new-id.ts";
import { insertMessageEvents } from "../../storage/message-events.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
});
beforeEach(async () => {
  await database.sql`truncate message, message_event, outbox, mail_content, suppression`;
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

type Method = "GET" | "POST" | "DELETE";
async function call(...[method, url, payload, headers = {}]: [Method, string, object?, Record<string, string>?]) {
  const answer = await server.app.inject({
    method,
    url,
    headers: { ...server.auth, ...headers },
    ...(payload ? { payload } : {}),
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}
const base64 = (text: string) => Buffer.from(text).toString("base64");
const mail = {
  subject: "Hello",
  html: base64("<p>Grüße {{ name }}</p>"),
  text: "Hi",
  from: { name: "Shop, the", email: "shop@shop.example" },
  to: [{ name: "Ada", email: "ada@mail.example" }],
};
const send = (changes: object = {}, headers = {}) =>
  call("POST", "/smtp/emails", { email: { ...mail, ...changes } }, headers);
const contentOf = async () => (await database.sql`select content from mail_content`)[0]?.["content"];

async function report(id: string, type: "sent" | "bounced", reply: object) {
  const lane = laneOf(id);
  const [row] = await database.sql`
    update message set status = ${type}, sent_at = created_at, size_bytes = 900 where id = ${id} returning workspace_id as "workspaceId"`;
  const event = { lane, messageId: id, workspaceId: row?.["workspaceId"] as string, at: new Date() };
  await insertMessageEvents(database.sql, [
    { ...event, id: newIdInLane(lane), type, detail: { reply: reply as never } },
  ]);
}

test("a mail is queued for everybody in to, cc and bcc, and can be read", async () => {
  const sent = await send({
    cc: [{ email: "bo@mail.example" }],
    bcc: ["cy@mail.example"],
    reply_to: { email: "re@shop.example" },
  });
  expect(sent).toMatchObject({ status: 200, body: { result: true, id: expect.any(String) } });
  expect(sent.body.ids).toHaveLength(3);
  expect(await contentOf()).toMatchObject({
    html: "<p>Grüße {{ name }}</p>",
    from: { name: "Shop, the", address: "shop@shop.example" },
    replyTo: { address: "re@shop.example" },
    cc: [{ address: "bo@mail.example" }],
    variables: null,
  });
  expect((await call("GET", `/smtp/emails/${sent.body.id}`)).body).toMatchObject({
    ...{ id: sent.body.id, sender: "shop@shop.example", recipient: "ada@mail.example", subject: "Hello" },
    ...{ smtp_answer_code: 0, smtp_answer_code_explain: "Queued", tracking: { click: 0, open: 0, link: [] } },
  });
});

test("html may be null, or come without base64; a template brings variables", async () => {
  await send({ html: null });
  expect(await contentOf()).toMatchObject({ html: null, text: "Hi" });
  await database.sql`truncate mail_content`;
  await send({ html: "<p>{{ name }}</p>", text: null, template: { variables: { name: "Ada" } } });
  expect(await contentOf()).toMatchObject({ html: "<p>{{ name }}</p>", text: null, variables: { name: "Ada" } });
});

test("attachments come as text or as base64", async () => {
  const attachments_binary = { "b.pdf": base64("%PDF") };
  await send({ attachments: { "a.txt": "Ciao" }, attachments_binary });
  expect(await contentOf()).toMatchObject({
    attachments: [
      { name: "a.txt", type: "text/plain", content: base64("Ciao") },
      { name: "b.pdf", type: "application/pdf", content: base64("%PDF") },
    ],
  });
});

test("a repeat with the same key is sent once", async () => {
  const first = await send({}, { "idempotency-key": "s-1" });
  const second = await send({}, { "idempotency-key": "s-1" });
  expect(second.body).toEqual(first.body);
  expect(second.headers["idempotent-replayed"]).toBe("true");
  expect((await call("GET", "/smtp/emails/total")).body).toEqual({ total: 1 });
});

test("mails are listed by sender, recipient and day, counted and read by their ids", async () => {
  const ids = [(await send()).body.id, (await send({ to: "bo@mail.example", from: "other@shop.example" })).body.id];
  const today = new Date().toISOString().slice(0, 10);
  const idsOf = async (query: string) =>
    (await call("GET", `/smtp/emails?${query}`)).body.map(({ id }: { id: string }) => id);
  expect(await idsOf("limit=10")).toEqual(ids.toReversed());
  expect(await idsOf("limit=1&offset=1")).toEqual(ids.slice(0, 1));
  expect(await idsOf("recipient=BO@mail.example")).toEqual(ids.slice(1));
  expect(await idsOf("sender=shop@shop.example")).toEqual(ids.slice(0, 1));
  expect(await idsOf(`from=${today}&to=${today}`)).toHaveLength(2);
  expect(await idsOf("to=2020-01-01")).toEqual([]);
  expect((await call("GET", "/smtp/emails/total?recipient=bo@mail.example")).body).toEqual({ total: 1 });
  const info = await call("POST", "/smtp/emails/info", { emails: [...ids, "no-such-id"] });
  expect(info.body.map(({ id }: { id: string }) => id)).toEqual(ids);
  expect((await call("GET", "/smtp/senders")).body).toEqual(["other@shop.example", "shop@shop.example"]);
  expect((await call("GET", "/smtp/domains")).body).toEqual(["shop.example"]);
  expect((await call("GET", "/senders")).body).toContainEqual({
    name: "",
    email: "shop@shop.example",
    status: "Active",
  });
  expect((await call("GET", "/smtp/ips")).body).toEqual([]);
});

test("what servers answered and receivers did is in the record; what bounced is in the list of the day", async () => {
  const [ok, bad] = [(await send()).body.id, (await send({ to: "bad@mail.example" })).body.id];
  await report(ok, "sent", { code: 250, text: "OK" });
  await call("POST", `/v1/messages/${ok}/events`, { type: "opened" });
  await call("POST", `/v1/messages/${ok}/events`, { type: "clicked", link: "https://shop.example/a" });
  await report(bad, "bounced", { code: 550, enhancedCode: "5.1.1", text: "unknown user" });
  expect((await call("GET", `/smtp/emails/${ok}`)).body).toMatchObject({
    ...{ smtp_answer_code: 250, smtp_answer_data: "OK", smtp_answer_code_explain: "Sent", total_size: 900 },
    tracking: { open: 1, click: 1, link: [{ url: "https://shop.example/a" }] },
  });
  expect((await call("GET", "/smtp/bounces/day?limit=10")).body).toMatchObject({
    ...{ total: 1, found: 1, request_limit: 10 },
    emails: [{ email_to: "bad@mail.example", smtp_answer_code: 550, smtp_answer_subcode: "5.1.1" }],
  });
  expect((await call("GET", "/smtp/bounces/day/total")).body).toEqual({ total: 1 });
  expect((await call("GET", "/smtp/bounces/day/total?date=2020-01-01")).body).toEqual({ total: 0 });
});

test("addresses are unsubscribed from all, listed, found and let in again; the blacklist is another list", async () => {
  const emails = [{ email: "Ada@mail.example", comment: "asked" }, { email: "bo@mail.example" }];
  expect((await call("POST", "/smtp/unsubscribe", { emails })).body).toEqual({ result: true });
  await call("POST", "/blacklist", { emails: base64("cy@mail.example") });
  const listed = (await call("GET", "/smtp/unsubscribe?limit=10")).body;
  expect(listed.map(({ email }: { email: string }) => email).toSorted()).toEqual([
    "ada@mail.example",
    "bo@mail.example",
  ]);
  expect(listed[0]).toMatchObject({ unsubscribe_by_link: 0, unsubscribe_by_user: 1, spam_complaint: 0 });
  const search = (email: string) => call("GET", `/smtp/unsubscribe/search?email=${email}`);
  expect((await search("ada@mail.example")).body).toMatchObject({ found: true, email: "ada@mail.example" });
  expect((await search("cy@mail.example")).body).toEqual({ found: false });
  await call("DELETE", "/smtp/unsubscribe", { emails: ["bo@mail.example", "cy@mail.example"] });
  await call("POST", "/smtp/resubscribe", { email: "ada@mail.example", sender: "shop@shop.example", lang: "en" });
  expect((await call("GET", "/smtp/unsubscribe")).body).toEqual([]);
  expect((await call("GET", "/blacklist")).body).toEqual(["cy@mail.example"]);
});

test.each<[object, number, number]>([
  [{ from: null }, 400, 10],
  [{ to: [] }, 400, 11],
  [{ to: [{ name: "Ada" }] }, 400, 906],
  [{ to: ["nobody"] }, 422, 21356],
  [{ subject: "" }, 400, 720],
  [{ html: null, text: null }, 400, 721],
  [{ html: 5 }, 422, 21356],
  [{ html: "/////w==", text: null }, 422, 21356],
  [{ template: { id: 7 } }, 400, 14],
  [{ attachments: { "a.txt": 5 } }, 422, 21356],
  [{ attachments_binary: { "a.pdf": "?" } }, 422, 21356],
  [{ to: Array.from({ length: 101 }, (_, index) => `a${index}@mail.example`) }, 422, 21356],
])("refuses the change %j with %i and number %i, and queues nothing", async (...[changes, status, number]) => {
  expect(await send(changes)).toMatchObject({ status, body: { error_code: number, message: expect.any(String) } });
  expect(await database.sql`select 1 from message`).toHaveLength(0);
});

test.each<[Method, string, object | undefined, number]>([
  ["POST", "/smtp/emails", {}, 400],
  ["POST", "/smtp/emails", { email: "x" }, 422],
  ["GET", "/smtp/emails/018f2f6e-0000-7000-8000-000000000001", undefined, 404],
  ["GET", "/smtp/emails/nothing", undefined, 404],
  ["GET", "/smtp/emails?from=yesterday", undefined, 422],
  ["GET", "/smtp/emails?from=2026-02-31", undefined, 422],
  ["GET", "/smtp/emails?from=0001-01-01", undefined, 422],
  ["GET", "/smtp/emails?sender=%00", undefined, 422],
  ["POST", "/smtp/emails/info", { emails: [] }, 422],
  ["POST", "/smtp/emails/info", { emails: Array.from({ length: 501 }, String) }, 422],
  ["POST", "/smtp/unsubscribe", {}, 400],
  ["POST", "/smtp/unsubscribe", { emails: ["x"] }, 422],
  ["GET", "/smtp/unsubscribe/search", undefined, 400],
])("%s %s with %j is refused with %i", async (...[method, url, payload, status]) => {
  expect(await call(method, url, payload)).toMatchObject({ status, body: { error_code: expect.any(Number) } });
});

test("a key without the scope may neither send nor read", async () => {
  const other = await server.keyWith(["contacts:read"]);
  expect(await call("POST", "/smtp/emails", { email: mail }, other)).toMatchObject({
    status: 403,
    body: { error_code: 800 },
  });
  expect((await call("GET", "/smtp/emails", undefined, other)).status).toBe(403);
});
