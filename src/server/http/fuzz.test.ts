import fc from "fast-check";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
let routes: { method: string; url: string }[];
let knownIds: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, { settings: { bodyLimitBytes: 100_000 } });
  const { paths } = (await server.app.inject("/openapi.json")).json<{ paths: Record<string, object> }>();
  routes = Object.entries(paths).flatMap(([url, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), url })),
  );
  routes.push(
    { method: "OPTIONS", url: "/in/{token}" },
    { method: "GET", url: "/docs/{id}" },
    { method: "GET", url: "/{id}" },
    ...otherDoors,
  );
  knownIds = await makeThings();
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

/** Routes that are in no OpenAPI document. */
const otherDoors = [
  { method: "POST", url: "/api/contacts/{id}/whatsapp/" },
  { method: "POST", url: "/api/contact" },
  { method: "GET", url: "/api/contact" },
  { method: "PUT", url: "/api/contact/{id}" },
  { method: "PATCH", url: "/api/contact/{id}" },
  { method: "GET", url: "/api/contact/{id}" },
  { method: "POST", url: "/api/flow/{id}/run" },
  { method: "GET", url: "/api/flow-execution" },
  { method: "GET", url: "/api/flow-execution/{id}" },
  { method: "GET", url: "/api/flow-execution-contact" },
  { method: "GET", url: "/api/flow-execution-contact/{id}" },
];

/** The key as the door of a path takes it. */
function keyFor(url: string): { authorization: string } {
  const isHilos = /^\/api\/(contact$|contact\/|flow)/.test(url);
  return isHilos ? { authorization: server.auth.authorization.replace("Bearer", "Token") } : server.auth;
}

const definition = {
  schema: 1,
  name: "Fuzzed",
  entries: { call: { kind: "incoming-call", config: {}, next: "stop" } },
  steps: { stop: { kind: "end", config: {}, exits: {} } },
  reentry: { mode: "always" },
};

async function makeThings(): Promise<string[]> {
  const post = (url: string, payload: object) =>
    server.app.inject({ method: "POST", url, payload, headers: server.auth });
  const flow = (await post("/v1/flows", { definition })).json<{ id: string }>();
  const published = (await post(`/v1/flows/${flow.id}/publish`, {})).json<{ incomingCalls: { token: string }[] }>();
  const list = (await post("/v1/lists", { name: "fuzz" })).json<{ id: string }>();
  const event = (await post("/v1/events", { name: "x", contact: { email: "f@example.com" } })).json<
    Record<string, string>
  >();
  return [flow.id, list.id, event["eventId"], event["contactId"], published.incomingCalls[0]?.token].filter(
    (id) => id !== undefined,
  );
}

const nasty = [
  "",
  "%00",
  "%ed%a0%80",
  "..%2f..%2fetc%2fpasswd",
  "null",
  "-1",
  "1e999",
  "9223372036854775808",
  "999999999999999999999",
  "__proto__",
  "constructor",
  "'; drop table contact; --",
  "{{ 1 | divided_by: 0 }}",
  "00000000-0000-0000-0000-000000000000",
  "\u0000",
  "\ud800",
  "a".repeat(600),
  "+39 333",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59-14:00",
];
const names = [
  ..."id email phone externalId name contact payload properties tags addTags lists state where field operator value and not".split(
    " ",
  ),
  ..."definition entries steps kind config next exits schema reentry mode key flow events occurredAt scopes limit cursor".split(
    " ",
  ),
  ..."phones contact_data contact_list meta default_assignees overwrite_meta page page_size is_active flow_execution search".split(
    " ",
  ),
  ..."since until contactId flowId status to action body sample timeZone locale fields description __proto__ constructor".split(
    " ",
  ),
];

const word = fc.oneof(
  fc.constantFrom(...nasty),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ maxLength: 12 }),
);
const name = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: word });
const leaf = fc.oneof(
  word,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("active", "subscribed", "is", "contact.x"),
);

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs)),
  ),
})).value;

const knownShape = fc.constantFrom(
  { name: "x", contact: { email: "a@b.example" }, payload: {} },
  { events: [{ name: "x", contact: { phone: "+393331234567" } }, { name: 1 }] },
  { email: "a@b.example", properties: { plan: "gold" }, lists: [] },
  { definition },
  { name: "key", scopes: ["events:write"] },
  { state: "subscribed" },
  { value: "hush" },
  { phones: ["+393331234567", "12", 5], contact_data: { properties: { plan: "gold" } } },
  { phone: "+393331234567", meta: { plan: "gold" }, tags: ["vip"], default_assignees: [1], overwrite_tags: true },
  { contact_list: [{ phone: "+393331234567" }, { id: "x" }], flow_execution_variables: {}, has_priority: true },
);

/** A right body with one field replaced by anything. */
const bent = fc.tuple(knownShape, name, json).map(([shape, field, value]) => ({ ...shape, [field]: value }));

const body = fc.oneof(
  { weight: 4, arbitrary: fc.oneof(json, bent, knownShape).map((value) => JSON.stringify(value) ?? "") },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.json(),
      fc.string({ unit: "binary" }),
      fc.constantFrom("", "{", "[".repeat(5000), '{"a":1e999}', '"\\ud800"', "a=1&a=2&__proto__=3"),
    ),
  },
);

const headers = fc.record(
  {
    "content-type": fc.constantFrom(
      "application/json",
      "application/json; charset=latin1",
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "multipart/form-data",
      "nonsense",
      "",
    ),
    "idempotency-key": fc.constantFrom("k1", "k2", "", "é", "x".repeat(300)),
    "x-request-id": fc.constantFrom("r", "é", "x".repeat(2000)),
    "user-agent": fc.constantFrom("x", "\u00ff", "x".repeat(5000)),
    accept: fc.constantFrom("text/html", "*/*", "nonsense"),
    authorization: fc.constantFrom("Bearer wrong", "Basic x", "Bearer \u00ff"),
  },
  { requiredKeys: [] },
);

const query = fc.array(fc.tuple(name, word), { maxLength: 3 }).map((pairs) => {
  const text = pairs.map(([key, value]) => `${encode(key)}=${encode(value)}`).join("&");
  return text === "" ? "" : `?${text}`;
});

function encode(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) && text.startsWith("%") ? text : encodeURIComponent(text.toWellFormed());
}

test("no input, however broken, gets a 500", async () => {
  const seen = new Set<string>();
  const request = fc.record({
    route: fc.nat(),
    ids: fc.array(fc.oneof(word, fc.nat(10)), { minLength: 2, maxLength: 2 }),
    query,
    headers,
    body,
    isAuthorized: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(request, async ({ route, ids, query: search, headers: some, body: payload, isAuthorized }) => {
      const { method, url } = routes[route % routes.length] as (typeof routes)[number];
      let index = 0;
      const path = url.replace(/\{\w+\}/g, () => {
        const id = ids[index++ % ids.length] ?? "";
        return encode(typeof id === "number" ? (knownIds[id % knownIds.length] as string) : id);
      });
      const authorization = isAuthorized || some.authorization === undefined ? keyFor(url) : {};
      const options = {
        method,
        url: `${path}${search}`,
        headers: { ...defined(some), ...authorization },
        remoteAddress: `203.0.113.${route % 250}`,
      };
      const answer = await server.app.inject({ ...options, ...(method === "GET" ? {} : { payload }) } as InjectOptions);
      seen.add(`${method} ${url} ${answer.statusCode}`);
      const said = server.log.at(-1);
      expect(
        answer.statusCode,
        `${method} ${path}${search}\n${payload}\n${JSON.stringify(some)}\n${said}`,
      ).toBeLessThan(500);
      if (answer.statusCode >= 400 && !url.startsWith("/api/"))
        expect(answer.json()).toMatchObject({ status: answer.statusCode, code: expect.any(String) });
    }),
    { numRuns: 1500, endOnFailure: true },
  );
  // The requests must have got past the first check, or this proves little.
  expect([...seen].filter((line) => /20[0-9]$/.test(line)).length).toBeGreaterThan(15);
}, 120_000);

function defined(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
