import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, { settings: { publicUrl: "https://relay.example" } });
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

async function call(...[method, url, payload, headers = {}]: [Method, string, object?, Record<string, string>?]) {
  const body = payload === undefined ? {} : { payload };
  const answer = await server.app.inject({ method, url, headers: { ...server.auth, ...headers }, ...body });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}

const definition = {
  schema: 1,
  name: "Thanks",
  entries: { call: { kind: "incoming-call", config: {}, next: "stop" } },
  steps: { stop: { kind: "end", config: {}, exits: {} } },
  reentry: { mode: "always" },
};

test("an event makes its contact, and both can be read back", async () => {
  const event = {
    name: "order.paid",
    contact: { email: " Ada@Example.com " },
    payload: { total: 42.5 },
    occurredAt: "2026-03-01T10:00:00+01:00",
  };
  const accepted = await call("POST", "/v1/events", event);
  expect(accepted).toMatchObject({ status: 202, body: { contactCreated: true, listened: false } });
  const { eventId, contactId } = accepted.body;
  expect((await call("GET", `/v1/events/${eventId}`)).body).toMatchObject({
    name: "order.paid",
    payload: { total: 42.5 },
    occurredAt: "2026-03-01T09:00:00.000Z",
    reason: "no_flow_listens",
    outcomes: [],
  });
  expect((await call("GET", "/v1/contacts/lookup?email=ada@example.com")).body).toMatchObject({ id: contactId });
  expect((await call("GET", `/v1/events?contactId=${contactId}&limit=1`)).body).toMatchObject({
    data: [{ id: eventId }],
    nextCursor: null,
  });
});

test("an event with an Idempotency-Key happens once; the key with another body is refused", async () => {
  const event = { name: "once", contact: { externalId: "c-1" } };
  const key = { "idempotency-key": "e-1" };
  const first = await call("POST", "/v1/events", event, key);
  const second = await call("POST", "/v1/events", event, key);
  expect(first.headers["idempotent-replayed"]).toBeUndefined();
  expect(second).toMatchObject({ status: 202, body: first.body, headers: { "idempotent-replayed": "true" } });
  expect(await call("POST", "/v1/events", { ...event, name: "twice" }, key)).toMatchObject({
    status: 409,
    body: { code: "idempotency_key_reused" },
  });
  expect((await call("GET", "/v1/events?name=once")).body.data).toHaveLength(1);
});

test.each(["", "a b", "é", "x".repeat(256)])("refuses the Idempotency-Key %j", async (key) => {
  const answer = await call("POST", "/v1/lists", { name: "never" }, { "idempotency-key": key });
  expect(answer).toMatchObject({ status: 422, body: { issues: [{ path: "Idempotency-Key" }] } });
});

test("a batch accepts what is right and says what is wrong with the rest, item by item", async () => {
  const events = [
    { name: "a", contact: { email: "b1@example.com" } },
    { name: "b", contact: { email: "no address" } },
    { name: 7, contact: {} },
    { name: "c", contact: { email: "b1@example.com" }, flow: 999_999 },
    { name: "d", contact: { email: "b1@example.com" } },
  ];
  const { status, body } = await call("POST", "/v1/events/batch", { events });
  expect(status).toBe(202);
  expect(body).toMatchObject({ accepted: 2, rejected: 3 });
  const rejected = body.results.map((result: { issues?: { path: string }[] }) =>
    result.issues?.map(({ path }) => path),
  );
  expect(rejected).toEqual([undefined, ["events[1].contact.email"], ["events[2].name"], ["events[3].flow"], undefined]);
  expect(body.results[0].contactId).toBe(body.results[4].contactId);
});

test("a batch without one good event is refused, and stores nothing", async () => {
  const answer = await call("POST", "/v1/events/batch", { events: [{ name: "none" }, 5] });
  expect(answer).toMatchObject({
    status: 422,
    body: { issues: [{ path: "events[0].contact" }, { path: "events[1]" }] },
  });
});

test("a contact is made, found, changed, listed by condition and deleted", async () => {
  const made = await call("PUT", "/v1/contacts", {
    email: "grace@example.com",
    properties: { plan: "gold" },
    addTags: ["vip"],
  });
  expect(made).toMatchObject({
    status: 201,
    body: { created: true, contact: { email: "grace@example.com", tags: ["vip"] } },
  });
  const { id } = made.body.contact;
  expect(await call("POST", "/v1/contacts", { email: "grace@example.com", phone: "+393331234567" })).toMatchObject({
    status: 200,
    body: { created: false },
  });
  expect(await call("PATCH", `/v1/contacts/${id}`, { email: "hopper@example.com" })).toMatchObject({
    status: 200,
    body: { id, email: "hopper@example.com" },
  });
  const where = encodeURIComponent(JSON.stringify({ field: "contact.plan", operator: "is", value: "gold" }));
  expect((await call("GET", `/v1/contacts?where=${where}`)).body.data).toMatchObject([{ id, phone: "+393331234567" }]);
  expect(await call("DELETE", `/v1/contacts/${id}`)).toMatchObject({ status: 200, body: { id } });
  expect(await call("GET", `/v1/contacts/${id}`)).toMatchObject({ status: 404, body: { code: "contact_not_found" } });
});

test.each([
  ["/v1/contacts?where=nonsense", "where"],
  ["/v1/contacts?where=%7B%22field%22%3A%22contact.x%22%7D", "where.operator"],
  ["/v1/contacts?limit=0", "limit"],
  ["/v1/contacts?limit=201", "limit"],
  ["/v1/contacts?cursor=zzz", "cursor"],
  ["/v1/contacts?nope=1", "nope"],
  ["/v1/contacts?tag=%00", "tag"],
  ["/v1/events?since=yesterday", "since"],
  ["/v1/runs?status=odd", "status"],
  ["/v1/contacts/lookup?email=a@b.example&phone=1", ""],
])("%s names the field %j", async (url, path) => {
  const answer = await call("GET", url);
  expect(answer).toMatchObject({ status: 422, body: { code: "invalid_request", issues: [{ path }] } });
});

test("pages lead to one another and end", async () => {
  for (const name of ["p1", "p2", "p3"]) await call("POST", "/v1/lists", { name });
  const first = await call("GET", "/v1/lists?limit=2");
  const second = await call("GET", `/v1/lists?limit=2&cursor=${first.body.nextCursor}`);
  expect([...first.body.data, ...second.body.data].map(({ name }: { name: string }) => name)).toEqual([
    "p3",
    "p2",
    "p1",
  ]);
  expect(second.body.nextCursor).toBeNull();
});

test("a list has members with their state", async () => {
  const list = (await call("POST", "/v1/lists", { name: "Customers" }, { "idempotency-key": "l-1" })).body;
  const repeated = await call("POST", "/v1/lists", { name: "Customers" }, { "idempotency-key": "l-1" });
  expect(repeated).toMatchObject({ status: 201, body: list, headers: { "idempotent-replayed": "true" } });
  expect(await call("POST", "/v1/lists", { name: "Customers" })).toMatchObject({
    status: 409,
    body: { code: "list_exists" },
  });
  const { contactId } = (await call("POST", "/v1/events", { name: "x", contact: { email: "m@example.com" } })).body;
  expect((await call("PUT", `/v1/lists/${list.id}/members/${contactId}`, { state: "subscribed" })).status).toBe(200);
  expect((await call("GET", `/v1/lists/${list.id}/members?state=subscribed`)).body.data).toMatchObject([
    { contactId, contact: { email: "m@example.com" } },
  ]);
  expect((await call("GET", `/v1/lists/${list.id}`)).body.members).toMatchObject({ subscribed: 1 });
});

test("a flow goes from a broken draft to published, paused, resumed and archived", async () => {
  const draft = await call("POST", "/v1/flows", { definition: { schema: 1, name: "Draft", entries: {}, steps: {} } });
  expect(draft).toMatchObject({ status: 201, body: { status: "draft", version: null } });
  expect(draft.body.issues.length).toBeGreaterThan(0);
  const { id, number } = draft.body;
  expect(await call("POST", `/v1/flows/${id}/publish`)).toMatchObject({ status: 422, body: { code: "invalid_flow" } });
  expect((await call("PUT", `/v1/flows/${number}`, { definition })).body.issues).toEqual([]);
  expect((await call("POST", `/v1/flows/${id}/publish`, {}, { "idempotency-key": "p" })).body).toMatchObject({
    status: "active",
    version: 1,
  });
  expect((await call("POST", `/v1/flows/${id}/publish`, {}, { "idempotency-key": "p" })).body).toMatchObject({
    version: 1,
  });
  for (const [move, status] of [
    ["pause", "paused"],
    ["resume", "active"],
    ["archive", "archived"],
  ]) {
    expect((await call("POST", `/v1/flows/${id}/${move}`)).body).toMatchObject({ status });
  }
  expect(await call("POST", `/v1/flows/${id}/pause`)).toMatchObject({
    status: 409,
    body: { code: "invalid_state", context: { status: "archived" } },
  });
  expect((await call("GET", `/v1/flows/${id}/versions`)).body.data).toMatchObject([{ version: 1 }]);
  expect((await call("GET", `/v1/flows/${id}/versions/1`)).body.definition).toMatchObject({ name: "Thanks" });
  expect((await call("GET", `/v1/flows/${id}/versions/2`)).body).toMatchObject({ code: "flow_version_not_found" });
  expect((await call("GET", `/v1/flows/${id}/counts`)).body).toEqual({ flowId: id, versions: [] });
});

test("checking a flow names node and field, and stores nothing", async () => {
  const broken = { ...definition, steps: { stop: { kind: "wait", config: {}, exits: {} } } };
  const { status, body } = await call("POST", "/v1/flows/validate", { definition: broken });
  expect({ status, valid: body.valid }).toEqual({ status: 200, valid: false });
  expect(body.issues[0].path).toMatch(/^steps\.stop/);
});

test("a key is shown once, works within its scopes, and stops when revoked", async () => {
  const request = { name: "Shop", scopes: ["events:write"] };
  const made = await call("POST", "/v1/keys", request, { "idempotency-key": "k-1" });
  expect(made).toMatchObject({
    status: 201,
    body: { name: "Shop", scopes: ["events:write"], key: expect.stringMatching(/^stk_/) },
  });
  const repeated = await call("POST", "/v1/keys", request, { "idempotency-key": "k-1" });
  expect(repeated.body).toEqual({ ...made.body, key: undefined });
  const auth = { authorization: `Bearer ${made.body.key}` };
  expect(await call("POST", "/v1/events", { name: "k", contact: { externalId: "k" } }, auth)).toMatchObject({
    status: 202,
  });
  expect(await call("GET", "/v1/contacts", undefined, auth)).toMatchObject({ status: 403 });
  expect(JSON.stringify((await call("GET", "/v1/keys")).body)).not.toContain(made.body.key);
  expect(await call("POST", `/v1/keys/${made.body.id}/revoke`)).toMatchObject({ status: 200 });
});

test("a secret is named, never read back", async () => {
  expect(await call("PUT", "/v1/secrets/stripe", { value: "sk_live_hush" })).toMatchObject({
    status: 200,
    body: { name: "stripe" },
  });
  const { body } = await call("GET", "/v1/secrets");
  expect(body.data).toMatchObject([{ name: "stripe" }]);
  expect(JSON.stringify(body)).not.toContain("hush");
  expect(await call("DELETE", "/v1/secrets/stripe")).toMatchObject({ status: 200 });
  expect(await call("DELETE", "/v1/secrets/stripe")).toMatchObject({ status: 404 });
});

test("an HTTP action is tried with the sample given", async () => {
  const answer = await call("POST", "/v1/http-actions/test", {
    config: { url: "x" },
    sample: { contact: { email: "a@b.example" } },
  });
  expect(answer).toMatchObject({ status: 200, body: { sample: '{"contact":{"email":"a@b.example"}}' } });
});

test.each(["/v1/runs", "/v1/messages", "/v1/sandbox/messages"])("%s starts empty", async (url) => {
  expect(await call("GET", url)).toMatchObject({ status: 200, body: { data: [], nextCursor: null } });
});

const unknown = "01990000-0000-7000-8000-000000000000";

test.each<[Method, string, string]>([
  ["GET", `/v1/events/${unknown}`, "event_not_found"],
  ["GET", `/v1/lists/${unknown}`, "list_not_found"],
  ["GET", `/v1/flows/${unknown}`, "flow_not_found"],
  ["GET", "/v1/flows/12345", "flow_not_found"],
  ["GET", `/v1/runs/${unknown}`, "run_not_found"],
  ["POST", `/v1/runs/${unknown}/cancel`, "run_not_found"],
  ["GET", `/v1/messages/${unknown}`, "message_not_found"],
  ["GET", `/v1/sandbox/messages/${unknown}/raw`, "message_not_found"],
  ["POST", `/v1/keys/${unknown}/revoke`, "api_key_not_found"],
  ["GET", `/v1/explain?contact=${unknown}&flow=${unknown}`, "_not_found"],
])("%s %s is %s", async (method, url, code) => {
  const answer = await call(method, url);
  expect(answer.status).toBe(404);
  expect(answer.body.code).toContain(code);
});

test("a mail in the sandbox is read as its parts and as it is", async () => {
  const raw = Buffer.from(
    "From: a@b.example\r\nTo: c@d.example\r\nSubject: Hi\r\nContent-Type: text/html\r\n\r\n<b>Hi</b>\r\n",
  );
  const id = "01990000-0000-7000-8000-00000000000a";
  await database.sql`insert into sandbox_message (workspace_id, id, from_address, to_address, subject, raw, received_at)
    values (${server.workspaceId}, ${id}, 'a@b.example', 'c@d.example', 'Hi', ${raw}, now())`;
  expect((await call("GET", `/v1/sandbox/messages/${id}`)).body).toMatchObject({
    subject: "Hi",
    html: expect.stringContaining("<b>Hi</b>"),
  });
  const answer = await server.app.inject({ url: `/v1/sandbox/messages/${id}/raw`, headers: server.auth });
  expect(answer.headers["content-type"]).toBe("message/rfc822");
  expect(answer.rawPayload.equals(raw)).toBe(true);
  expect(await call("DELETE", "/v1/sandbox/messages")).toMatchObject({ status: 200, body: { removed: 1 } });
});
