import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { playFixture, readDoorFixtures } from "../../testing/door-fixtures.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
let automation: string;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
  automation = (await rest("GET", "/v1/workspace")).automationId;
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

async function rest(method: "GET" | "POST" | "PUT", url: string, payload?: object) {
  const answer = await server.app.inject({ method, url, headers: server.auth, ...(payload ? { payload } : {}) });
  return answer.json();
}

const post = (body: unknown, { id = automation, headers = server.auth as Record<string, string> } = {}) =>
  server.app.inject({
    method: "POST",
    url: `/api/contacts/${id}/whatsapp/`,
    headers: { "content-type": "application/json", ...headers },
    payload: typeof body === "string" ? body : JSON.stringify(body),
  });
const send = (phones: unknown[], properties: object = {}) => post({ phones, contact_data: { properties } });
const statuses = (contacts: { status: string }[]) => contacts.map(({ status }) => status);
const contactOf = (phone: string) => rest("GET", `/v1/contacts/lookup?phone=${encodeURIComponent(phone)}`);
const some = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `+39${prefix}${String(index).padStart(4, "0")}`);

test.each(readDoorFixtures(new URL("fixtures/", import.meta.url)).map((make) => [make().name, make] as const))(
  "answers the recorded request %s",
  async (_name, make) => {
    const fixture = make({ automation, key: server.auth.authorization.slice("Bearer ".length) });
    const answer = await playFixture(server.app, fixture);
    const text = JSON.stringify(answer).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{{any}}");
    expect(JSON.parse(text)).toEqual(fixture.response);
  },
);

test("an automation is named by 24 hex digits that stay the same", async () => {
  expect(automation).toMatch(/^[0-9a-f]{24}$/);
  expect((await rest("GET", "/v1/workspace")).automationId).toBe(automation);
});

test("the workspace's id, a flow's id and number, and an id that was taken along name it too", async () => {
  const { id } = await rest("GET", "/v1/workspace");
  const flow = await rest("POST", "/v1/flows", { definition: { schema: 1, name: "A", entries: {}, steps: {} } });
  const old = "62ed0d816esd77079f07db50";
  await rest("PUT", "/v1/workspace", { settings: { automationIds: [old] } });
  for (const ref of [automation.toUpperCase(), id, flow.id, String(flow.number), old])
    expect((await post({ phones: ["+393330100000"] }, { id: ref })).statusCode, ref).toBe(200);
  for (const ref of ["0", "999999", "62ed0d816esd77079f07db51", "%00", "x".repeat(400), "__proto__"]) {
    const answer = await post({ phones: ["+393330100000"] }, { id: ref });
    expect(answer.statusCode, ref).toBe(404);
    expect(answer.json().message).toContain("Unknown automation");
  }
});

test("makes, changes and leaves alone, and says so of each phone in the order given", async () => {
  await send(["+393330200001", "+393330200002"], { plan: "free" });
  await send(["+393330200002"], { plan: "gold" });
  const answer = await send(["+39 333 0200001", "393330200002", "+393330200003", "+393330200003"], { plan: "gold" });
  expect(answer.statusCode).toBe(200);
  const { contacts, ...counts } = answer.json();
  expect(counts).toEqual({ success: true, created: 1, updated: 1, unchanged: 2 });
  expect(statuses(contacts)).toEqual(["updated", "unchanged", "created", "unchanged"]);
  expect(contacts[0]).toEqual({ phone: "+39 333 0200001", status: "updated", contact_id: expect.any(String) });
  expect((await contactOf("+393330200001")).properties).toEqual({ plan: "gold" });
});

test("only those whose value changed start what listens to the property", async () => {
  await send(["+393330300001", "+393330300002"], { subscribed: "true" });
  const flow = await rest("POST", "/v1/flows", {
    definition: {
      ...{ schema: 1, name: "On change", steps: { done: { kind: "end", config: {} } } },
      entries: { changed: { kind: "property-changed", config: { property: "subscribed" }, next: "done" } },
    },
  });
  await rest("POST", `/v1/flows/${flow.id}/publish`, {});
  await send(["+393330300002"], { subscribed: "false" });
  await send(["+393330300001", "+393330300002", "+393330300003"], { subscribed: "true" });
  await send(["+393330300001", "+393330300002", "+393330300003"], { subscribed: "true" });
  const rows = await database.sql<{ phone: string; before: unknown; after: unknown }[]>`
    select c.phone, e.payload->'before' as before, e.payload->'after' as after
      from event e join contact c on c.lane = e.lane and c.id = e.contact_id where e.name = '$property:subscribed' order by e.accepted_at, e.id`;
  expect([...rows].map(({ phone, before, after }) => [phone, before, after])).toEqual([
    ["+393330300002", "true", "false"],
    ["+393330300002", "false", "true"],
    ["+393330300003", null, "true"],
  ]);
});

test("1,000 phones are taken at once, 1,001 are refused with nothing stored", async () => {
  expect((await send(some(1000, "33340"), { plan: "gold" })).json()).toMatchObject({ success: true, created: 1000 });
  const answer = await send(some(1001, "33350"), { plan: "gold" });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({
    code: 400,
    errors: [{ path: "phones", message: "must have at most 1000 phone numbers; these are 1001" }],
  });
  expect(await contactOf("+39333500000")).toMatchObject({ code: "contact_not_found" });
});

test("names every bad number with its place, and stores nothing", async () => {
  const answer = await send(["+393330400001", "12", "+39333", 5, null, "333 040 0001"], { plan: "gold" });
  expect(answer.statusCode).toBe(400);
  const { errors, message } = answer.json();
  expect(message).toBe("5 of the phone numbers cannot be; nothing was stored.");
  expect(errors.map(({ index, phone }: { index: number; phone?: string }) => [index, phone])).toEqual([
    [1, "12"],
    [2, "+39333"],
    [3, undefined],
    [4, undefined],
    [5, "333 040 0001"],
  ]);
  expect(await contactOf("+393330400001")).toMatchObject({ code: "contact_not_found" });
});

test("names the phone whose properties would become too large", async () => {
  await send(["+393330500001"], { one: "x".repeat(60_000) });
  const answer = await send(["+393330500002", "+393330500001"], { two: "x".repeat(60_000) });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().errors).toMatchObject([{ path: "phones[1]", phone: "+393330500001" }]);
  expect(await contactOf("+393330500002")).toMatchObject({ code: "contact_not_found" });
});

test.each<[string, unknown, string]>([
  ["no phones", {}, "phones"],
  ["an empty list", { phones: [] }, "phones"],
  ["phones as text", { phones: "+393330000000" }, "phones"],
  ["properties as a list", { phones: ["+393330000000"], contact_data: { properties: [] } }, "contact_data.properties"],
  [
    "a built-in field",
    { phones: ["+393330000000"], contact_data: { properties: { email: "x" } } },
    "contact_data.properties.email",
  ],
  [
    "U+0000 in a value",
    '{"phones":["+393330000000"],"contact_data":{"properties":{"a":"\\u0000"}}}',
    "contact_data.properties.a",
  ],
  ["half of a surrogate pair", '{"phones":["\\ud800"]}', "phones[0]"],
  [
    "a number that is too large",
    '{"phones":["+393330000000"],"contact_data":{"properties":{"a":1e999}}}',
    "contact_data.properties.a",
  ],
  ["no object", "[1]", ""],
  ["nothing", "", ""],
  ["broken JSON", "{", ""],
  ["too deep nesting", `{"phones":${"[".repeat(5000)}`, ""],
])("refuses %s", async (_name, body, path) => {
  const answer = await post(body);
  expect(answer.statusCode, answer.body).toBe(400);
  expect(answer.json()).toMatchObject({ code: 400, message: expect.any(String) });
  if (path !== "") expect(answer.json().errors[0].path).toBe(path);
});

test("an unknown, a revoked and a malformed key all get 401 with an empty body", async () => {
  for (const authorization of [
    "",
    "Bearer wrong",
    "Bearer",
    "Bearer a b",
    "nonsense",
    `Token ${server.auth.authorization.slice(7)}`,
  ]) {
    const answer = await post({ phones: ["+393330000000"] }, { headers: authorization ? { authorization } : {} });
    expect([answer.statusCode, answer.body], authorization).toEqual([401, ""]);
  }
});

test("a key without the scope is refused in words", async () => {
  const answer = await post({ phones: ["+393330000000"] }, { headers: await server.keyWith(["contacts:read"]) });
  expect(answer.statusCode).toBe(403);
  expect(answer.json()).toEqual({ code: 403, message: "This API key lacks the scope contacts:write." });
});

test("any content type is read as JSON, and the path may do without its slash", async () => {
  for (const type of ["text/plain", "application/json; charset=utf-8", "application/x-www-form-urlencoded"]) {
    const answer = await server.app.inject({
      ...{ method: "POST", url: `//api/contacts/${automation}/whatsapp`, payload: '{"phones":["+393330600001"]}' },
      headers: { ...server.auth, "content-type": type },
    });
    expect(answer.statusCode).toBe(200);
  }
});
