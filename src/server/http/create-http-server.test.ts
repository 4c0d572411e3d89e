import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, { settings: { bodyLimitBytes: 10_000, failedKeysPerMinute: 3 } });
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

const event = { name: "order.paid", contact: { email: "ada@example.com" } };

function post(url: string, payload: string | object, headers: Record<string, string> = {}) {
  return server.app.inject({ method: "POST", url, payload, headers: { ...server.auth, ...headers } });
}

test("answers with the caller's request id, and with one of its own for none or a strange one", async () => {
  const [given, none, strange] = await Promise.all([
    server.app.inject({ url: "/healthz", headers: { "x-request-id": "trace-7" } }),
    server.app.inject({ url: "/healthz" }),
    server.app.inject({ url: "/healthz", headers: { "x-request-id": "a b\tc" } }),
  ]);
  expect(given.headers["x-request-id"]).toBe("trace-7");
  expect(none.headers["x-request-id"]).toMatch(/^[\w-]{12}-\w+$/);
  expect(strange.headers["x-request-id"]).toMatch(/^[\w-]{12}-\w+$/);
});

test("an unknown path is a problem document with every member", async () => {
  const answer = await server.app.inject({ url: "/nope?x=1", headers: { "x-request-id": "r1" } });
  expect(answer.statusCode).toBe(404);
  expect(answer.headers["content-type"]).toContain("application/problem+json");
  expect(answer.json()).toEqual({
    type: "/docs/errors#route_not_found",
    title: "There is no such path.",
    status: 404,
    detail: "There is no such path.",
    instance: "/nope",
    code: "route_not_found",
    requestId: "r1",
  });
});

test.each([
  ["DELETE", "/v1/events", "GET, HEAD, POST"],
  ["PUT", "/v1/contacts/lookup", "DELETE, GET, HEAD, PATCH"],
  ["POST", "/healthz", "GET, HEAD"],
  ["OPTIONS", "/v1/events", "GET, HEAD, POST"],
] as const)("%s on %s is refused and says what is allowed", async (method, url, allow) => {
  const answer = await server.app.inject({ method, url });
  expect(answer.statusCode).toBe(405);
  expect(answer.headers["allow"]).toContain(allow);
  expect(answer.json()).toMatchObject({ code: "method_not_allowed" });
});

test.each<[string, string | object, Record<string, string>, number, object]>([
  [
    "broken JSON",
    '{\n"name": }',
    {},
    400,
    { code: "invalid_json", context: { position: 10 }, issues: [{ path: "", line: 2, column: 9 }] },
  ],
  ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff]) as object, {}, 400, { code: "invalid_json" }],
  ["no body", "", {}, 422, { code: "invalid_request", issues: [{ path: "" }] }],
  ["another content type", "a=1", { "content-type": "text/csv" }, 415, { code: "unsupported_content_type" }],
  [
    "a body too large",
    JSON.stringify({ ...event, payload: { a: "x".repeat(20_000) } }),
    {},
    413,
    { code: "body_too_large" },
  ],
  ["a prototype", '{"__proto__":{"a":1}}', {}, 422, { issues: [{ path: "__proto__" }] }],
  [
    "a number too large",
    '{"name":"x","contact":{},"payload":{"a":[1e999]}}',
    {},
    422,
    { issues: [{ path: "payload.a[0]" }] },
  ],
  ["U+0000", '{"name":"a\\u0000"}', {}, 422, { issues: [{ path: "name" }] }],
  ["half of a surrogate pair", '{"payload":{"\\ud800":1}}', {}, 422, { issues: [{ path: "payload.�" }] }],
  [
    "several broken fields",
    { name: 5, contact: { email: 1, age: 2 }, occurredAt: "soon" },
    {},
    422,
    { issues: [{ path: "name" }, { path: "contact.email" }, { path: "contact.age" }, { path: "occurredAt" }] },
  ],
])("refuses %s, naming the place", async (...row) => {
  const [, payload, headers, status, expected] = row;
  const answer = await post("/v1/events", payload, { "content-type": "application/json", ...headers });
  expect(answer.json()).toMatchObject({ status, ...expected });
  expect(answer.statusCode).toBe(status);
});

test("a path that cannot be decoded is not found", async () => {
  const answer = await server.app.inject({ url: "/v1/%zz" });
  expect(answer.json()).toMatchObject({ code: "route_not_found" });
  expect(answer.headers["x-request-id"]).toBeDefined();
});

test.each([{}, { authorization: "Basic YTpi" }, { authorization: "Bearer" }, { authorization: "Bearer a b" }])(
  "without an API key (%j) nothing is done",
  async (headers: Record<string, string>) => {
    const answer = await server.app.inject({ url: "/v1/contacts", headers });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe('Bearer realm="Staffetta"');
    expect(answer.json()).toMatchObject({ code: "unauthorized" });
  },
);

test("after some wrong keys an address has to wait, but keys that work go on working", async () => {
  const from = (authorization: string) =>
    server.app.inject({ url: "/v1/contacts", headers: { authorization }, remoteAddress: "203.0.113.9" });
  expect((await from(server.auth.authorization)).statusCode).toBe(200);
  const statuses = [];
  for (let count = 0; count < 5; count += 1) statuses.push((await from(`Bearer wrong-${count}`)).statusCode);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  expect((await from("Bearer another")).headers["retry-after"]).toBe("20");
  expect((await from(server.auth.authorization)).statusCode).toBe(200);
  const fresh = await server.keyWith(["contacts:read"]);
  expect((await from(fresh.authorization)).statusCode).toBe(429);
  expect((await server.app.inject({ url: "/v1/contacts", headers: fresh })).statusCode).toBe(200);
});

test("a key that lacks the scope is told which", async () => {
  const auth = await server.keyWith(["contacts:read"]);
  const answer = await server.app.inject({ method: "POST", url: "/v1/events", payload: event, headers: auth });
  expect(answer.json()).toMatchObject({ status: 403, code: "forbidden", context: { scope: "events:write" } });
});

test("says how much of the rate is left, and refuses what is beyond it", async () => {
  const limited = await createTestHttpServer(database.sql, { settings: { rateLimitPerSecond: 2 } });
  const ask = () => limited.app.inject({ url: "/v1/contacts", headers: limited.auth });
  const answers = [await ask(), await ask(), await ask()];
  expect(answers[0]?.headers).toMatchObject({
    "ratelimit-policy": '"default";q=2;w=1',
    ratelimit: '"default";r=1;t=1',
  });
  expect(answers[2]?.statusCode).toBe(429);
  expect(answers[2]?.headers["retry-after"]).toBe("1");
  await limited.app.close();
});

test("an unexpected error is answered without a word of it, and is in the log under the request id", async () => {
  const broken = await createTestHttpServer(database.sql, {
    dependencies: {
      testHttpAction: async () => {
        throw new Error("the password is hunter2");
      },
    },
  });
  const answer = await broken.app.inject({
    method: "POST",
    url: "/v1/http-actions/test",
    payload: { config: {} },
    headers: { ...broken.auth, "x-request-id": "r9" },
  });
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain("hunter2");
  const line = broken.log.find((text) => text.includes("r9"));
  expect(line).toContain("hunter2");
  expect(line).not.toContain("stk_");
  await broken.app.close();
});

test("a database that cannot be reached is said so: try later", async () => {
  const lost = await createTestHttpServer(database.sql, {
    dependencies: {
      checkReadiness: async () => {
        throw new Error("no");
      },
      authenticate: async () => {
        throw Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
      },
    },
  });
  const [ready, call] = [
    await lost.app.inject("/readyz"),
    await lost.app.inject({ url: "/v1/contacts", headers: lost.auth }),
  ];
  expect([ready.statusCode, call.statusCode]).toEqual([503, 503]);
  expect(call.headers["retry-after"]).toBe("1");
  await lost.app.close();
});

test("counts requests by route for Prometheus, without ids or tokens", async () => {
  await server.app.inject({ url: "/v1/contacts/0199-secret", headers: server.auth });
  const { body } = await server.app.inject("/metrics");
  expect(body).toMatch(/staffetta_http_requests_total\{method="GET",route="\/v1\/contacts\/:id",status="404"\} \d/);
  expect(body).not.toContain("0199-secret");
});

test("counts the events it accepted", async () => {
  await post("/v1/events", event);
  const { body } = await server.app.inject("/metrics");
  expect(body).toContain("staffetta_events_accepted_total 1");
});

test.each(["/", "/sandbox", "/docs", "/docs/errors"])("serves the page %s under a strict policy", async (url) => {
  const answer = await server.app.inject(url);
  expect(answer.statusCode).toBe(200);
  expect(answer.headers["content-type"]).toContain("text/html");
  expect(answer.headers["content-security-policy"]).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
  expect(answer.headers["content-security-policy"]).not.toMatch(/script-src[^;]*unsafe/);
  expect(answer.headers["x-content-type-options"]).toBe("nosniff");
});

test("the reference page finds its files here, not elsewhere", async () => {
  const { body } = await server.app.inject("/docs");
  const links = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link as string);
  expect(links.length).toBeGreaterThan(3);
  for (const link of links) expect((await server.app.inject(link)).statusCode).toBe(200);
});

test("bytes that are no HTTP are answered as such, and the server goes on", async () => {
  const { connect } = await import("node:net");
  const own = await createTestHttpServer(database.sql);
  await own.app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = own.app.server.address() as { port: number };
  const text = await new Promise<string>((resolve) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.write("NONSENSE\r\n\r\n"));
    socket.on("data", (part) => {
      received += part;
    });
    socket.on("close", () => resolve(received));
  });
  expect(text).toMatch(/^HTTP\/1\.1 400 [\s\S]*application\/problem\+json/);
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  await own.app.close();
});
