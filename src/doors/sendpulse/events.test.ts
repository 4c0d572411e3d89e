import { readdirSync, readFileSync } from "node:fs";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

type Fixture = {
  about: string;
  request: { method: "POST"; path: string; headers: Record<string, string>; body: string };
  /** What the event then holds. */
  payload: JsonObject;
};

const folder = new URL("./fixtures/events/", import.meta.url);
const fixtures = readdirSync(folder)
  .sort()
  .map((file): Fixture => JSON.parse(readFileSync(new URL(file, folder), "utf8")));

const address = { token: "eb561baa181247d1cd378c4ead632877", account: 7043663 };
const open = `/events/id/${address.token}/${address.account}`;
const declared = [
  { name: "product_id", type: "number" },
  { name: "event_date", type: "date" },
];

let database: TestDatabase;
let server: TestHttpServer;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, {
    settings: { publicUrl: "https://flows.example/", bodyLimitBytes: 300_000 },
  });
  await create({ name: "page", variables: declared, ...address });
  await create({ name: "registration", variables: [{ name: "var_1", type: "string" }] });
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

async function create(definition: object) {
  const answer = await v1("POST", "/v1/event-definitions", definition);
  expect(answer.statusCode).toBe(201);
  return answer.json<{ name: string; path: string; number: number }>();
}

const v1 = (method: "GET" | "POST" | "DELETE", url: string, payload?: object) =>
  server.app.inject({ method, url, headers: server.auth, ...(payload && { payload }) });

const send = (url: string, payload: object | string, headers: Record<string, string> = {}) =>
  server.app.inject({ method: "POST", url, payload, headers } as InjectOptions);

const eventOf = async (id: string) => (await v1("GET", `/v1/events/${id}`)).json();
const stored = async () => (await database.sql`select 1 from event`).length;

async function publish(name: string, event: string, more: object = {}) {
  const definition = {
    ...{ schema: 1, name, steps: { stop: { kind: "end", config: {} } } },
    entries: { begin: { kind: "event", config: { event }, next: "stop" } },
    ...more,
  };
  const { id } = (await v1("POST", "/v1/flows", { definition })).json();
  return (await v1("POST", `/v1/flows/${id}/publish`, {})).json<{ id: string; number: number }>();
}

test.each(fixtures)("takes the request of a client byte for byte: $about", async ({ request, payload }) => {
  const key = server.auth.authorization.slice("Bearer ".length);
  const headers = Object.entries(request.headers).map(([name, value]) => [name, value.replace("{{key}}", key)]);
  const answer = await send(request.path, request.body, Object.fromEntries(headers));
  expect(answer.statusCode).toBe(200);
  expect(answer.headers["access-control-allow-origin"]).toBe("*");
  const body = answer.json();
  expect(body).toMatchObject({ result: true, details_url: `https://flows.example/v1/events/${body.event_id}` });
  expect(await eventOf(body.event_id)).toMatchObject({ payload, contactId: body.contact_id, source: "sendpulse" });
});

test("answers with what happened, and what of the call was passed over", async () => {
  const { number } = await publish("Welcome", "page");
  const answer = await send(open, { email: "eve@door.example", phone: "+123456789", event_date: "soon" });
  expect(answer.json()).toEqual({
    result: true,
    event_id: expect.any(String),
    contact_id: expect.any(String),
    listened: true,
    flows_started: [{ id: number, name: "Welcome" }],
    flows_open: [],
    flows_not_started: [],
    warnings: [
      { field: "phone", message: expect.stringContaining("cannot exist") },
      { field: "event_date", message: "is declared as a date such as 2026-03-01" },
    ],
    details_url: expect.stringContaining("/v1/events/"),
  });
  const { number: other } = await publish("Other", "page");
  const picked = (await send(open, { email: "eve@door.example", automation_id: other })).json();
  expect(picked).toMatchObject({
    flows_open: [{ id: other, name: "Other" }],
    flows_not_started: [{ id: number, name: "Welcome", reason: "meant_for_another_flow" }],
  });
  expect(await eventOf(picked.event_id)).toMatchObject({ target: { flowId: expect.any(String) } });
});

test.each<[string, object, number, number, string]>([
  ["nobody", { name: "x" }, 422, 21356, "An event needs the email or the phone of its contact, as text."],
  [
    "identities that cannot be",
    { email: "nobody", phone: "+1" },
    422,
    21356,
    "A field breaks a rule. email: The e-mail address has no @.",
  ],
  [
    "automation_id as text",
    { email: "a@b.example", automation_id: "12" },
    422,
    21356,
    "automation_id must be a whole number, the number of a flow; this is text.",
  ],
  [
    "automation_id in an array",
    { email: "a@b.example", list: [{ automation_id: 1 }] },
    422,
    21356,
    "automation_id must stand at the top level, outside of arrays and objects.",
  ],
  [
    "an unknown automation",
    { email: "a@b.example", automation_id: 999999 },
    404,
    404,
    "There is no published flow with the number 999999.",
  ],
  ["a list as body", [{ email: "a@b.example" }], 422, 21356, "The body must be a JSON object or a form."],
])("refuses %s in SendPulse's form, and stores nothing", async (...[, body, status, number, message]) => {
  const before = await stored();
  const answer = await send(open, body);
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ error_code: number, message });
  expect(answer.headers["access-control-allow-origin"]).toBe("*");
  expect(await stored()).toBe(before);
});

test.each<[string, string, string | undefined, number]>([
  ["broken JSON", '{"email":', "application/json", 400],
  ["null bytes", '{"email":"a@b.example","x":"\\u0000"}', "application/json", 422],
  ["half of a surrogate pair", '{"email":"a@b.example","x":"\\ud800"}', "application/json", 422],
  ["a huge number", '{"email":"a@b.example","x":1e999}', "application/json", 422],
  ["deep nesting", `{"email":"a@b.example","x":${"[".repeat(50)}${"]".repeat(50)}}`, "application/json", 422],
  ["an empty body", "", "application/json", 422],
  ["an empty form", "", "application/x-www-form-urlencoded", 422],
  ["a list that says it is a form", "[1]", "application/x-www-form-urlencoded", 422],
  ["multipart without a boundary", "x", "multipart/form-data", 422],
  [
    "multipart that ends too soon",
    '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na@b',
    "multipart/form-data; boundary=x",
    422,
  ],
  ["XML", "<email>a@b.example</email>", "application/xml", 415],
  [
    "a payload over the limit",
    JSON.stringify({ email: "a@b.example", x: "y".repeat(270_000) }),
    "application/json",
    422,
  ],
  ["a body over the limit", JSON.stringify({ email: "a@b.example", x: "y".repeat(310_000) }), "application/json", 413],
])("refuses %s with a clear error", async (...[, body, type, status]) => {
  const before = await stored();
  const answer = await send(open, body, type === undefined ? {} : { "content-type": type });
  expect([answer.statusCode, typeof answer.json().error_code, typeof answer.json().message]).toEqual([
    status,
    "number",
    "string",
  ]);
  expect(await stored()).toBe(before);
});

test("an unknown event, token or account gets a 404 that says nothing of the others", async () => {
  const named = await send("/events/name/unheard", { email: "a@b.example" }, server.auth);
  expect(named.statusCode).toBe(404);
  expect(named.json()).toEqual({ error_code: 404, message: expect.stringContaining('There is no event "unheard"') });
  const addresses = [
    `/events/id/${"0".repeat(32)}/7043663`,
    `/events/id/${address.token}/1`,
    `/events/id/${address.token}/x`,
    "/events/id/short/1",
  ];
  for (const url of addresses) {
    const answer = await send(url, { email: "a@b.example" });
    expect([answer.statusCode, answer.json()]).toEqual([
      404,
      { error_code: 404, message: "There is no event at this address." },
    ]);
  }
});

test("the call by name needs a token with the scope, and one that Python prints as bytes is refused, not counted", async () => {
  const url = "/events/name/registration";
  for (const headers of [{}, { authorization: "Bearer nope" }, { authorization: "Bearer b'token'" }]) {
    const answer = await send(url, { email: "a@b.example" }, headers as Record<string, string>);
    expect([answer.statusCode, answer.json()]).toEqual([401, { message: "Unauthorized!", error_code: 401 }]);
  }
  const reader = await server.keyWith(["events:read"]);
  expect((await send(url, { email: "a@b.example" }, reader)).statusCode).toBe(403);
});

test("browsers on other sites may ask first", async () => {
  for (const url of [open, "/events/name/registration"]) {
    const headers = { origin: "https://shop.example", "access-control-request-method": "POST" };
    const answer = await server.app.inject({ method: "OPTIONS", url, headers });
    expect(answer.statusCode).toBe(204);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": expect.stringContaining("content-type"),
    });
  }
});

test("paths may end with a slash, and a repeat with the same key is one event", async () => {
  const headers = { "idempotency-key": "once" };
  const first = await send(`${open}/`, { email: "once@door.example" }, headers);
  const again = await send(`${open}/`, { email: "once@door.example" }, headers);
  expect(again.headers["idempotent-replayed"]).toBe("true");
  expect(again.json().event_id).toBe(first.json().event_id);
  expect((await send(`${open}/`, { email: "two@door.example" }, headers)).statusCode).toBe(409);
});

test("an event that a flow listens to needs no definition: the first call makes it", async () => {
  await publish("Learner", "first.seen");
  const answer = await send("/events/name/first.seen", { email: "a@b.example", price: 5 }, server.auth);
  expect(answer.json()).toMatchObject({ result: true, listened: true });
  expect((await v1("GET", "/v1/event-definitions/first.seen")).json()).toMatchObject({
    learns: false,
    variables: [{ name: "price", type: "number" }],
  });
});

test("the log has the client, until SendPulse's own call empties it", async () => {
  const { name, path, number } = await create({ name: "logged" });
  const log = async () => (await v1("GET", `/v1/event-definitions/${name}/log`)).json().data;
  const call = () =>
    send(path, { email: "a@b.example" }, { "user-agent": "Shop/1", referer: "https://shop.example/cart" });
  await call();
  expect(await log()).toMatchObject([
    { name, client: { ip: "127.0.0.1", userAgent: "Shop/1", referer: "https://shop.example/cart" } },
  ]);
  const clear = (body: object) => send("/a360/events/delete-log", body, server.auth);
  expect((await clear({ event_ids: [number] })).json()).toEqual({ result: true });
  expect(await log()).toEqual([]);
  for (const body of [{}, { event_name: name }, { event_id: String(number) }, { ids: `[${number}]` }])
    expect((await clear(body)).json()).toEqual({ result: true });
  expect((await clear({ event_name: "nope" })).json()).toMatchObject({ error_code: 404 });
  for (const body of [{ what: 1 }, { event_id: { a: 1 } }, { ids: Array(101).fill(1) }])
    expect((await clear(body)).statusCode).toBe(422);
  expect((await send("/a360/events/delete-log", {})).statusCode).toBe(401);
});

test("a definition is made, read, changed, listed and deleted over the API", async () => {
  const { name } = await create({ name: "managed event/1" });
  const url = `/v1/event-definitions/${encodeURIComponent(name)}`;
  const change = (payload: object) => server.app.inject({ method: "PATCH", url, payload, headers: server.auth });
  expect((await change({ variables: declared })).json()).toMatchObject({ learns: false, variables: declared });
  expect((await change({ name: "page" })).json()).toMatchObject({ status: 409, code: "event_definition_exists" });
  expect((await v1("POST", "/v1/event-definitions", { name })).statusCode).toBe(409);
  expect((await change({ variables: [{ name: "x", type: "boolean" }] })).statusCode).toBe(422);
  expect((await v1("GET", "/v1/event-definitions?limit=1")).json().data).toHaveLength(1);
  expect((await v1("DELETE", url)).json()).toEqual({ name });
  expect((await v1("GET", url)).json()).toMatchObject({ status: 404, code: "event_definition_not_found" });
});
