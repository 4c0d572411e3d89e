import { readdirSync, readFileSync } from "node:fs";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { newId } from "../../operations/new-id.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";
import { createTestWorkspace } from "../../testing/platform.ts";

/** A request as a client sends it, and what it must be answered with; `save` keeps fields of the answer as words for what follows. */
type Recorded = {
  name: string;
  method: InjectOptions["method"];
  path: string;
  headers?: Record<string, string>;
  body?: Json;
  status: number;
  answer: Json;
  save?: Record<string, string>;
};

const folder = new URL("./fixtures/", import.meta.url);
let database: TestDatabase;
let server: TestHttpServer;
let words: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  server = await createTestHttpServer(database.sql, { settings: { bodyLimitBytes: 100_000 } });
  await database.sql`delete from membership`;
  await database.sql`delete from list`;
  const { data } = (await server.app.inject({ url: "/v1/keys", headers: server.auth })).json();
  const secret = server.auth.authorization.slice("Bearer ".length);
  words = { key: data.at(-1).id, secret };
  return () => server.app.close();
});

/** `{{word}}` stands for what is known by that word. */
function fill(text: string): string {
  return text.replace(/\{\{(\w+)\}\}/g, (_, word: string) => words[word] ?? `(no ${word})`);
}

/** Texts like `<number>` stand for any text of that sort. */
const sorts: Record<string, RegExp> = {
  "<number>": /^\d+$/,
  "<uuid>": /^[0-9a-f-]{36}$/,
  "<authkey>": /^[0-9a-f]{40}$/,
  "<time>": /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
  "<date>": /^\d{4}-\d\d-\d\d$/,
  "<text>": /./,
};

function pattern(value: Json): unknown {
  if (typeof value === "string") return sorts[value] ? expect.stringMatching(sorts[value]) : value;
  if (Array.isArray(value)) return value.map(pattern);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, pattern(inner)]));
}

async function send({ method, path, headers = {}, body }: Recorded) {
  const filled = Object.entries(headers).map(([name, value]) => [name, fill(value)]);
  const payload = typeof body === "string" ? body : JSON.stringify(body);
  return server.app.inject({
    ...{ method: method ?? "GET", url: fill(path), headers: Object.fromEntries(filled) },
    ...(body === undefined ? {} : { payload: fill(payload ?? "") }),
  });
}

function keep(save: Record<string, string> = {}, answer: JsonObject): void {
  for (const [word, field] of Object.entries(save)) words[word] = String(answer[field]);
}

test.each(readdirSync(folder))("the recorded requests of %s are answered as recorded", async (file) => {
  const story = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Recorded[];
  for (const recorded of story) {
    const answer = await send(recorded);
    const isJson = /json/.test(String(answer.headers["content-type"]));
    const body = isJson ? answer.json() : answer.body;
    const expected = pattern(JSON.parse(fill(JSON.stringify(recorded.answer))));
    expect({ name: recorded.name, status: answer.statusCode, body }).toEqual({
      ...{ name: recorded.name, status: recorded.status, body: expected },
    });
    keep(recorded.save, body);
  }
});

const shapes: Json[] = [
  ...[null, 1, "x", [], {}, { instance_in: null }, { instance_in: [] }, { instance_in: { list_id: "1e9" } }],
  { instance_in: { list_name: { a: 1 } } },
  { instance_in: { list_name: "a\0b", list_description: "\ud800" } },
  { instance_in: { list_id: 1e20, email: "a@b.example" } },
  { instance_in: { email: "nobody", list_id: 1, custom_fields: { constructor: 1, email: {} } } },
  { instance_in: { data_type: "select", place_holder: "__proto__", options: [1, {}, null] } },
  { instance_in: { contacts: [[{ placeholder: "email", value: {} }]] } },
  { instance_in: { contacts: "all", notification_link: 5 } },
  { instance_in: { list_id: 1, condition_groups: [{ logic: "XOR", conditions: [{ comparator_id: {} }] }] } },
  { instance_in: { list_id: 1, condition_groups: [{ conditions: [{ field_id: "-1", comparator_id: "toString" }] }] } },
];
const raw = [
  "{",
  "[".repeat(5000),
  `{"instance_in":${"[".repeat(200)}${"]".repeat(200)}}`,
  '{"instance_in":{"email":"\\ud800"}}',
  "a=1&b=2",
  '{"a":1e999}',
  '{"__proto__":1}',
];
const ids = [
  "0",
  "-1",
  "1",
  "1e3",
  "99999999999999999999",
  "null",
  "%00",
  "a%2Fb",
  "00000000-0000-7000-8000-000000000000",
];
const paths = [
  ...[
    "/lists",
    "/lists/ID",
    "/lists/ID/stats?start_date=x",
    "/lists/ID/subscribe",
    "/lists/ID/unsubscribe?contact_id=ID",
  ],
  ...["/lists/ID/customfields", "/lists/ID/customfields/count", "/lists/ID/contacts/count", "/lists/ID/contacts/ID"],
  ...["/lists/ID/import", "/lists/ID/segments", "/lists/ID/segments/count", "/customfields/ID", "/predefinedfields"],
  ...["/contacts", "/contact", "/contacts?limit=-1&offset=x", "/contacts?query_string=%00", "/contacts/ID?list_id=ID"],
  ...[
    "/contacts?list_id=ID&orderby=e&ordertype=a&query_string=%ED%A0%80",
    "/contacts/count?list_id=ID",
    "/importtasks",
  ],
  ...["/importtasks/ID", "/segments?list_id=ID", "/segments/ID", "/segments/ID/contacts/count", "/blockings?email=ID"],
  ...["/blockings/ID", "/blockings/count?query_string=%25", "/account_infos/ID", "/accounts/current", "/nothing"],
];

test("no path gets a 5xx for any body, and every refusal is in Emailchef's form", async () => {
  const bodies = [undefined, ...shapes.map((shape) => JSON.stringify(shape)), ...raw];
  const seen = new Set<number>();
  let turn = 0;
  for (const path of paths)
    for (const method of ["GET", "POST", "PUT", "DELETE"] as const)
      for (const [index, payload] of bodies.entries()) {
        turn += 1;
        const url = `/apps/api/v1${path.replaceAll("ID", ids[turn % ids.length] as string)}`;
        const headers = { ...server.auth, ...(index % 3 === 2 ? {} : { "content-type": "application/json" }) };
        const answer = await server.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
        seen.add(answer.statusCode);
        expect(answer.statusCode, `${method} ${url} ${payload}\n${server.log.at(-1)}`).toBeLessThan(500);
        if (answer.statusCode >= 400 && !url.includes("%"))
          expect(answer.json(), `${method} ${url} ${payload}`).toMatchObject({
            status: "ERROR",
            message: expect.any(String),
          });
      }
  expect([...seen]).toEqual(expect.arrayContaining([200, 400, 404, 422]));
}, 60_000);

test("what another workspace has is not there", async () => {
  const foreign = await createTestWorkspace(database.sql);
  await database.sql`insert into list (id, workspace_id, name, created_at) values (${newId()}, ${foreign}, 'Foreign', now())`;
  const [list] = await database.sql<[{ number: number }]>`select number from list where workspace_id = ${foreign}`;
  const get = (path: string) => server.app.inject({ url: `/apps/api/v1${path}`, headers: server.auth });
  expect((await get(`/lists/${list.number}`)).statusCode).toBe(404);
  expect((await get(`/lists/${list.number}/customfields`)).json()).toEqual([]);
  expect((await get(`/contacts?list_id=${list.number}`)).json()).toEqual([]);
  expect((await get("/lists")).json()).toEqual([]);
});
