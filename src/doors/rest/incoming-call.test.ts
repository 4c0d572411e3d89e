import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
let open: { url: string; number: number };
let guarded: { url: string };

beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, { settings: { bodyLimitBytes: 5_000 } });
  open = await publish({});
  guarded = await publish({ auth: "api-key", map: { email: "customer.email", plan: "customer.plan" } });
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

async function publish(config: object): Promise<{ url: string; number: number }> {
  const definition = {
    schema: 1,
    name: "Called",
    entries: { call: { kind: "incoming-call", config, next: "stop" } },
    steps: { stop: { kind: "end", config: {}, exits: {} } },
    reentry: { mode: "always" },
  };
  const post = (url: string, payload: object) =>
    server.app.inject({ method: "POST", url, payload, headers: server.auth });
  const { id, number } = (await post("/v1/flows", { definition })).json();
  const flow = (await post(`/v1/flows/${id}/publish`, {})).json();
  return { url: flow.incomingCalls[0].url, number };
}

function call(url: string, payload: string, headers: Record<string, string> = {}) {
  return server.app.inject({ method: "POST", url, payload, headers });
}

const form = [
  "--x",
  'Content-Disposition: form-data; name="email"',
  "",
  "form@example.com",
  "--x",
  'Content-Disposition: form-data; name="photo"; filename="a.png"',
  "Content-Type: image/png",
  "",
  "bytes",
  "--x--",
  "",
].join("\r\n");

test.each<[string, string, Record<string, string>]>([
  ["JSON", '{"email":"j@example.com"}', { "content-type": "application/json" }],
  ["JSON without a content type", '{"email":"n@example.com"}', {}],
  ["JSON that says it is text", '{"email":"t@example.com"}', { "content-type": "text/plain" }],
  ["JSON that says it is a form", '{"email":"f@example.com"}', { "content-type": "application/x-www-form-urlencoded" }],
  [
    "a form",
    "email=u%40example.com&tag=a&tag=b",
    { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
  ],
  ["a multipart form with a file", form, { "content-type": "multipart/form-data; boundary=x" }],
])("starts the flow with %s", async (_name, payload, headers) => {
  const answer = await call(open.url, payload, headers);
  expect(answer.json()).toEqual({
    eventId: expect.any(String),
    contactId: expect.any(String),
    contactCreated: true,
    flow: open.number,
  });
  expect(answer.statusCode).toBe(202);
});

test("keeps the fields of a form, and lists for names that come twice", async () => {
  const { eventId } = (
    await call(open.url, "email=u%40example.com&tag=a&tag=b", { "content-type": "application/x-www-form-urlencoded" })
  ).json();
  const event = await server.app.inject({ url: `/v1/events/${eventId}`, headers: server.auth });
  expect(event.json()).toMatchObject({ name: "$incoming-call", payload: { email: "u@example.com", tag: ["a", "b"] } });
});

test.each<[string, string, Record<string, string>, number]>([
  ["nobody in it", '{"plan":"gold"}', {}, 422],
  ["a list", "[1]", {}, 422],
  ["nothing", "", { "content-type": "application/json" }, 422],
  ["broken JSON", '{"email":', { "content-type": "application/json" }, 400],
  ["bytes of an image", "PNG", { "content-type": "image/png" }, 415],
  ["half a multipart form", form.slice(0, 60), { "content-type": "multipart/form-data; boundary=x" }, 422],
  ["U+0000 in a form", "email=a%40b.example&x=%00", { "content-type": "application/x-www-form-urlencoded" }, 422],
  [
    "a prototype in a form",
    "email=a%40b.example&__proto__=1",
    { "content-type": "application/x-www-form-urlencoded" },
    422,
  ],
  ["too much", `{"email":"a@b.example","x":"${"x".repeat(6000)}"}`, { "content-type": "application/json" }, 413],
])("refuses a call with %s", async (...row) => {
  const [, payload, headers, status] = row;
  const answer = await call(open.url, payload, headers);
  expect(answer.json()).toMatchObject({ status });
});

test("an unknown address is not found, and its token is not repeated in full", async () => {
  const token = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
  const answer = await call(`/in/${token}`, "{}", { "content-type": "application/json" });
  expect(answer.json()).toMatchObject({ status: 404, code: "entry_not_found", instance: "/in/abcd…" });
});

test("where the entry wants an API key, the token alone does not do", async () => {
  const payload = '{"customer":{"email":"g@example.com","plan":"gold"}}';
  expect((await call(guarded.url, payload)).statusCode).toBe(401);
  expect((await call(guarded.url, payload, { authorization: "Bearer wrong" })).statusCode).toBe(401);
  expect((await call(guarded.url, payload, server.auth)).statusCode).toBe(202);
});

test("takes the headers of Emailchef beside Bearer, and answers them with the 200 that its clients wait for", async () => {
  const payload = '{"customer":{"email":"chef@example.com","plan":"gold"}}';
  const secret = server.auth.authorization.slice("Bearer ".length);
  const { data } = (await server.app.inject({ url: "/v1/keys", headers: server.auth })).json();
  const consumer = { consumerkey: data[0].id, consumersecret: secret };
  const answer = await call(guarded.url, payload, consumer);
  expect([answer.statusCode, answer.json().contactCreated]).toEqual([200, true]);
  expect((await call(guarded.url, payload, { ...consumer, consumersecret: "wrong" })).statusCode).toBe(401);
  expect((await call(guarded.url, payload, { consumerkey: data[0].id })).statusCode).toBe(401);
});

test("the same multipart form sent again under one key happens once, whatever its boundary", async () => {
  const send = (boundary: string) =>
    call(open.url, form.replaceAll("--x", `--${boundary}`), {
      "content-type": `multipart/form-data; boundary=${boundary}`,
      "idempotency-key": "f-1",
    });
  const [first, second] = [await send("x"), await send("y")];
  expect(second.json()).toEqual(first.json());
  expect(second.headers["idempotent-replayed"]).toBe("true");
});

test("may be called from a page on another site", async () => {
  const preflight = await server.app.inject({
    method: "OPTIONS",
    url: open.url,
    headers: { origin: "https://shop.example", "access-control-request-method": "POST" },
  });
  expect(preflight.statusCode).toBe(204);
  expect(preflight.headers).toMatchObject({
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST",
  });
  const refused = await call(open.url, "{");
  expect(refused.headers["access-control-allow-origin"]).toBe("*");
});
