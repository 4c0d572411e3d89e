import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey, revokeApiKey } from "../../operations/api-keys.ts";
import { scopes } from "../../operations/platform.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
/** Lets only three wrong keys a minute pass. */
let strict: TestHttpServer;
let now = new Date("2026-03-01T10:00:00Z");
let token: string;
let automation: string;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, { now: () => now, settings: { failedKeysPerMinute: 1000 } });
  strict = await createTestHttpServer(database.sql, { now: () => now, settings: { failedKeysPerMinute: 3 } });
  token = await publishCall();
  automation = (await server.app.inject({ url: "/v1/workspace", headers: server.auth })).json().automationId;
});
afterAll(async () => {
  await Promise.all([server.app.close(), strict.app.close()]);
  await database.drop();
});

/** A flow that is called with a key, for the address of its own. */
async function publishCall(): Promise<string> {
  const post = (url: string, payload: object) =>
    server.app.inject({ method: "POST", url, payload, headers: server.auth });
  const definition = {
    ...{ schema: 1, name: "Called", steps: { done: { kind: "end", config: {} } } },
    entries: { call: { kind: "incoming-call", config: { auth: "api-key" }, next: "done" } },
  };
  const { id } = (await post("/v1/flows", { definition })).json();
  const { incomingCalls } = (await post(`/v1/flows/${id}/publish`, {})).json();
  return incomingCalls[0].token;
}

type Key = { id: string; key: string };
type Headers = Record<string, string>;
type Way = {
  /** The headers that show the key; what has to be asked for first is asked here. */
  show: (key: Key) => Headers | Promise<Headers>;
  /** A call that any good key may make. */
  request: () => InjectOptions;
  /** Headers with something that no key could be. */
  malformed: Headers;
};

const bearer = ({ key }: Pick<Key, "key">) => ({ authorization: `Bearer ${key}` });
const consumer = ({ id, key }: Key) => ({ consumerkey: id, consumersecret: key });
const called = () => ({ method: "POST", url: `/in/${token}`, payload: { email: "ada@example.com" } }) as const;
const books = () => ({ method: "POST", url: "/addressbooks", payload: { bookName: `Book ${Math.random()}` } }) as const;

async function logIn({ id, key }: Key): Promise<Headers> {
  const payload = { grant_type: "client_credentials", client_id: id, client_secret: key };
  const answer = await server.app.inject({ method: "POST", url: "/oauth/access_token", payload });
  return bearer({ key: answer.json().access_token });
}

async function openSession({ id, key }: Key): Promise<Headers> {
  const payload = { username: id, password: key };
  const answer = await server.app.inject({ method: "POST", url: "/api/login", payload });
  return { authkey: answer.statusCode === 200 ? answer.json().authkey : "0".repeat(40) };
}

const account = () => ({ url: "/apps/api/v1/accounts/current" });
const basic = (user: string) => ({ authorization: `Basic ${Buffer.from(`${user}:`).toString("base64url")}` });

const ways: Record<string, Way> = {
  "our own API, Bearer": {
    show: bearer,
    request: () => ({ url: "/v1/lists" }),
    malformed: { authorization: "Bearer a b" },
  },
  "our own API, Basic with the key as user": {
    show: ({ key }) => basic(key),
    request: () => ({ url: "/v1/lists" }),
    malformed: basic("a b"),
  },
  "Emailchef, consumerKey and consumerSecret": {
    show: consumer,
    request: account,
    malformed: { consumerkey: "x", consumersecret: "a b" },
  },
  "Emailchef, authkey": { show: openSession, request: account, malformed: { authkey: "x" } },
  "an incoming call, Bearer": { show: bearer, request: called, malformed: { authorization: "Bearer é" } },
  "an incoming call, consumerKey and consumerSecret": {
    show: consumer,
    request: called,
    malformed: { consumerkey: "x", consumersecret: "a b" },
  },
  "SendPulse, the key as Bearer": { show: bearer, request: books, malformed: { authorization: "Bearer a b" } },
  "SendPulse, an access token": { show: logIn, request: books, malformed: { authorization: "Bearer a b" } },
  "Chatfuel, Bearer": {
    show: bearer,
    request: () => ({
      method: "POST",
      url: `/api/contacts/${automation}/whatsapp/`,
      payload: { phones: ["+393330000000"] },
    }),
    malformed: { authorization: "Bearer" },
  },
  "Hilos, Token": {
    show: ({ key }) => ({ authorization: `Token ${key}` }),
    request: () => ({ url: "/api/contact" }),
    malformed: { authorization: "Token a b" },
  },
};

async function makeKey(): Promise<Key> {
  const caller = { workspaceId: server.workspaceId, keyId: null, name: "test", scopes: new Set<string>(scopes) };
  return createApiKey(server.platform, caller, { name: "Shop", scopes });
}

async function revoke({ id }: Key): Promise<void> {
  const caller = { workspaceId: server.workspaceId, keyId: null, name: "test", scopes: new Set<string>(scopes) };
  await revokeApiKey(server.platform, caller, { id });
}

const later = (ms: number) => {
  now = new Date(now.getTime() + ms);
};

/** An answer without what is of this one request only. */
async function send(
  to: TestHttpServer,
  way: Way,
  { headers, from = "198.51.100.1" }: { headers: Headers; from?: string },
) {
  const answer = await to.app.inject({
    ...way.request(),
    headers: { "x-request-id": "same", ...headers },
    remoteAddress: from,
  });
  return { status: answer.statusCode, body: answer.body };
}

describe.each(Object.entries(ways))("%s", (name, way) => {
  test("takes a key that was made in one place, and notes when it was used", async () => {
    const key = await makeKey();
    later(61_000);
    expect((await send(server, way, { headers: await way.show(key) })).status).toBeLessThan(300);
    const { data } = (await server.app.inject({ url: "/v1/keys", headers: server.auth })).json();
    expect(data.find(({ id }: Key) => id === key.id).lastUsedAt).toBe(now.toISOString());
  });

  test("refuses a revoked key within five seconds", async () => {
    const key = await makeKey();
    const headers = await way.show(key);
    expect((await send(server, way, { headers })).status).toBeLessThan(300);
    await revoke(key);
    later(5_001);
    expect((await send(server, way, { headers })).status).toBe(401);
  });

  test("answers an unknown, a revoked and a malformed key alike", async () => {
    const revoked = await makeKey();
    const shown = await way.show(revoked);
    await revoke(revoked);
    later(5_001);
    const unknown = Object.fromEntries(
      Object.entries(shown).map(([header, value]) => [header, value.replace(/[A-Za-z0-9]{8}$/, "AAAAAAAA")]),
    );
    const answers = await Promise.all([shown, unknown, way.malformed].map((headers) => send(server, way, { headers })));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });

  test("makes an address that shows wrong keys wait, and no other", async () => {
    const key = await makeKey();
    const from = `203.0.113.${Object.keys(ways).indexOf(name) + 1}`;
    const statuses = [];
    for (let guess = 0; guess < 5; guess += 1) {
      const headers = await way.show({ id: key.id, key: `stk_${String(guess).repeat(43)}` });
      statuses.push((await send(strict, way, { headers, from })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    const good = await way.show(key);
    expect((await send(strict, way, { headers: good, from })).status).toBe(429);
    expect((await send(strict, way, { headers: good })).status).toBeLessThan(300);
  });
});

test("a key's id in the place of another's is as wrong as an unknown key", async () => {
  const [one, other] = [await makeKey(), await makeKey()];
  const way = ways["an incoming call, consumerKey and consumerSecret"] as Way;
  const mixed = await send(server, way, { headers: consumer({ id: other.id, key: one.key }) });
  const unknown = await send(server, way, { headers: consumer({ id: one.id, key: "stk_unknown" }) });
  expect([mixed.status, mixed.body]).toEqual([401, unknown.body]);
});

test("the log-in says the same of an unknown and a revoked key, and of a wrong id", async () => {
  const [good, revoked] = [await makeKey(), await makeKey()];
  await revoke(revoked);
  later(5_001);
  const wrong = [revoked, { id: good.id, key: "stk_unknown" }, { id: revoked.id, key: good.key }];
  const answers = await Promise.all(
    wrong.map(({ id, key }) =>
      server.app.inject({
        ...{ method: "POST", url: "/oauth/access_token" },
        payload: { grant_type: "client_credentials", client_id: id, client_secret: key },
      }),
    ),
  );
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401]);
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
});
