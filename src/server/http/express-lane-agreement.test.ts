import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import {
  bothAnswers,
  comparable,
  email,
  event,
  json,
  type Listening,
  makeExpressWorld,
  open,
  own,
  startListening,
} from "../../testing/express-world.ts";
import type { RawAnswer, RawCall } from "../../testing/raw-http.ts";

let database: TestDatabase;
let here: Listening;
let flowNumber: number;
let viaFramework = 0;
const countOne = () => {
  viaFramework += 1;
};

beforeAll(async () => {
  database = await createTestDatabase();
  here = await startListening(database.sql);
  flowNumber = await makeExpressWorld(here);
  subscribe("tracing:fastify.request.handler:start", countOne);
});
afterEach(() => {
  viaFramework = 0;
});
afterAll(async () => {
  unsubscribe("tracing:fastify.request.handler:start", countOne);
  await here.server.app.close();
  await database.drop();
});

async function compare(call: RawCall, on = here): Promise<RawAnswer> {
  const [express, ordinary] = await bothAnswers(call, on);
  expect(comparable(express)).toEqual(comparable(ordinary));
  expect(express.headers["content-length"]).toBe(String(Buffer.byteLength(express.body)));
  return express;
}

const withKey = ({ server }: Listening = here) => [json, ["Authorization", server.auth.authorization] as const];
const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const named = (payload: string) => `{"name":"page","contact":{"email":"${email}"},"payload":${payload}}`;
const textOf = (body: string | Buffer | object) =>
  typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);

type Asked = { url?: string; body: string | Buffer | object; isExpress?: boolean };

describe("our own API", () => {
  test.each<[string, number, Asked]>([
    ["a good event", 202, { body: event, isExpress: true }],
    ["one with a time", 202, { body: { ...event, occurredAt: "2026-03-01T10:00:00Z" }, isExpress: true }],
    ["a large payload", 202, { body: named(JSON.stringify({ text: "x".repeat(40_000) })), isExpress: true }],
    ["a body beyond the lane", 202, { body: named(JSON.stringify({ text: "x".repeat(70_000) })) }],
    ["a body beyond the limit", 413, { body: named(JSON.stringify({ text: "x".repeat(310_000) })) }],
    ["a bad e-mail only", 422, { body: { ...event, contact: { email: "nobody" } } }],
    ["a missing contact", 422, { body: { name: "page" } }],
    ["a contact without identity", 422, { body: { name: "page", contact: {} } }],
    ["a name that cannot be", 422, { body: { ...event, name: "" } }],
    ["unknown fields", 422, { body: { ...event, extra: 1 } }],
    ["a flow that is not there", 404, { body: { ...event, flow: 987_654 } }],
    ["broken JSON", 400, { body: '{"name": }' }],
    ["bytes that are not UTF-8", 400, { body: Buffer.from([0x7b, 0xff, 0x7d]) }],
    ["a byte order mark", 202, { body: `\ufeff${JSON.stringify(event)}`, isExpress: true }],
    ["an escaped NUL", 422, { body: named('"\\u0000"') }],
    ["a prototype", 422, { body: named('{"__proto__":{"a":1}}') }],
    ["an empty object", 422, { body: {} }],
    ["an array", 422, { body: [event] }],
    ["null", 422, { body: "null" }],
    ["nothing", 422, { body: "" }],
    ["a depth beyond the limit", 422, { body: named(deep(3000)) }],
    ["a depth beyond the stack", 422, { body: named("[".repeat(30_000) + "]".repeat(30_000)) }],
  ])("%s is answered with %i, the same as by the framework", async (_, status, { body, isExpress }) => {
    const answer = await compare({ url: own, headers: withKey(), body: textOf(body) });
    expect(answer.status).toBe(status);
    // Of the two, only the injected one came to the framework.
    if (isExpress) expect(viaFramework).toBe(1);
  });

  test("a flow that is named by its number", async () => {
    const body = JSON.stringify({ ...event, flow: flowNumber });
    expect((await compare({ url: own, headers: withKey(), body })).status).toBe(202);
  });

  const key = () => here.server.auth.authorization.slice("Bearer ".length);
  test.each<[string, number, () => string | undefined]>([
    ["none", 401, () => undefined],
    ["a wrong one", 401, () => "Bearer stk_wrong"],
    ["an unreadable one", 401, () => "Bearer \u00ff"],
    ["another form", 401, () => `Token ${key()}`],
    ["HTTP Basic", 202, () => `Basic ${Buffer.from(`${key()}:`).toString("base64")}`],
  ])("the key: %s", async (_, status, authorization) => {
    const shown = authorization();
    const headers = shown === undefined ? [json] : [json, ["Authorization", shown] as const];
    expect((await compare({ url: own, headers, body: JSON.stringify(event) })).status).toBe(status);
    expect((await compare({ url: own, headers, body: "{}" })).status).toBe(status === 202 ? 422 : status);
  });

  test("a key without the scope, and one that was revoked", async () => {
    const { authorization } = await here.server.keyWith(["contacts:read"]);
    const call = { url: own, headers: [json, ["Authorization", authorization] as const], body: JSON.stringify(event) };
    expect((await compare(call)).status).toBe(403);
    const gone = await here.server.keyWith(["contacts:write"]);
    await database.sql`update api_key set revoked_at = now() where scopes = ${["contacts:write"]}`;
    const headers = [json, ["Authorization", gone.authorization] as const];
    expect((await compare({ ...call, headers })).status).toBe(401);
  });

  const lost = Object.assign(new Error("x"), { code: "ECONNREFUSED" });
  test.each<[string, number, NonNullable<Parameters<typeof startListening>[1]>]>([
    ["the rate is exceeded", 429, { settings: { rateLimitPerSecond: 0.5 } }],
    ["too many keys were wrong", 429, { settings: { failedKeysPerMinute: 0.5 } }],
    ["the body is beyond the limit of the server", 413, { settings: { bodyLimitBytes: 40 } }],
    ["the database is away", 503, { dependencies: { authenticate: fail(lost) } }],
    ["something breaks", 500, { dependencies: { authenticate: fail(new Error("x")) } }],
  ])("when %s: %i", async (_, status, options) => {
    const other = await startListening(database.sql, options);
    const answer = await compare({ url: own, headers: withKey(other), body: JSON.stringify(event) }, other);
    expect(answer.status).toBe(status);
    await other.server.app.close();
  });
});

function fail(error: Error) {
  return async () => {
    throw error;
  };
}

describe("addresses without a key", () => {
  const [, , , token = "", account = ""] = open.split("/");
  test.each<[string, number, Asked]>([
    ["a good event", 200, { body: { email, when: "2026-03-01" }, isExpress: true }],
    ["warnings", 200, { body: { email, phone: "+123456789", when: "soon" }, isExpress: true }],
    ["an unknown token", 404, { url: `/events/id/${"0".repeat(32)}/${account}`, body: { email } }],
    ["a token in capitals", 200, { url: `/events/id/${token.toUpperCase()}/${account}`, body: { email } }],
    ["a wrong account", 404, { url: `/events/id/${token}/1`, body: { email } }],
    ["an account with zeros before it", 200, { url: `/events/id/${token}/00${account}`, body: { email } }],
    ["an account beyond all numbers", 404, { url: `/events/id/${token}/${"9".repeat(30)}`, body: { email } }],
    ["nobody", 422, { body: { name: "x" } }],
    ["a bad e-mail only", 422, { body: { email: "nobody" } }],
    ["automation_id nested", 422, { body: { email, a: [{ automation_id: 1 }] } }],
    ["automation_id as text", 422, { body: { email, automation_id: "12" } }],
    ["automation_id of no flow", 404, { body: { email, automation_id: 987_654 } }],
    ["broken JSON", 400, { body: "{" }],
    ["bytes that are not UTF-8", 422, { body: Buffer.from([0x7b, 0xff, 0x7d]) }],
    ["an escaped NUL", 422, { body: '{"email":"a\\u0000@example.com"}' }],
    ["a prototype", 422, { body: `{"__proto__":{"a":1},"email":"${email}"}` }],
    ["an empty object", 422, { body: {} }],
    ["an array", 422, { body: [{ email }] }],
    ["a text", 422, { body: '"a"' }],
    ["null", 422, { body: "null" }],
    ["nothing", 422, { body: "" }],
    ["a body beyond the lane", 200, { body: { email, text: "x".repeat(70_000) } }],
  ])("%s is answered with %i, the same as by the framework", async (_, status, { url = open, body, isExpress }) => {
    const answer = await compare({ url, headers: [json], body: textOf(body) });
    expect(answer.status).toBe(status);
    if (isExpress) expect(viaFramework).toBe(1);
  });

  test("a contact by phone", async () => {
    const call = { url: open, headers: [json], body: JSON.stringify({ phone: "393331234567" }) };
    await here.server.app.inject({ method: "POST", url: open, payload: { phone: "393331234567" } });
    expect((await compare(call)).status).toBe(200);
  });

  test("automation_id of a flow", async () => {
    const body = JSON.stringify({ email, automation_id: flowNumber });
    expect((await compare({ url: open, headers: [json], body })).status).toBe(200);
  });

  test.each([
    ["something breaks", 500, new Error("x")],
    ["the database is away", 503, Object.assign(new Error("x"), { code: "ECONNREFUSED" })],
  ])("when %s: %i", async (_, status, error) => {
    const broken = await startListening(database.sql);
    Object.assign(broken.server.platform.recorder, { add: fail(error) });
    const answer = await compare({ url: open, headers: [json], body: JSON.stringify({ email }) }, broken);
    expect(answer.status).toBe(status);
    await broken.server.app.close();
  });
});
