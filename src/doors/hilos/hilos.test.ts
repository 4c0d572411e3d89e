import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { playFixture, readDoorFixtures } from "../../testing/door-fixtures.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
let key: string;
let flow: { id: string; number: number };
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
  key = server.auth.authorization.slice("Bearer ".length);
  flow = await publish({ variables: { key: { type: "string" } } });
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

async function rest(url: string, payload: object) {
  return (await server.app.inject({ method: "POST", url, headers: server.auth, payload })).json();
}

async function publish(config: object) {
  const definition = {
    ...{ schema: 1, name: "Campaign", reentry: { mode: "always" } },
    entries: { begin: { kind: "start", config, next: "done" } },
    steps: { done: { kind: "end", config: {} } },
  };
  const { id, number } = await rest("/v1/flows", { definition });
  await rest(`/v1/flows/${id}/publish`, {});
  return { id, number };
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
async function call(method: Method, url: string, payload?: unknown) {
  const answer = await server.app.inject({
    ...{ method, url: `/api${url}`, headers: { authorization: `Token ${key}`, "content-type": "application/json" } },
    ...(payload === undefined ? {} : { payload: typeof payload === "string" ? payload : JSON.stringify(payload) }),
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.body === "" ? "" : answer.json() };
}

test.each(readDoorFixtures(new URL("fixtures/", import.meta.url)).map((make) => [make().name, make] as const))(
  "answers the recorded request %s",
  async (_name, make) => {
    const fixture = make({ key, flow: flow.id });
    const answer = await playFixture(server.app, fixture);
    const text = JSON.stringify(answer)
      .replaceAll(/"[0-9a-f]{8}-[0-9a-f-]{27}"/g, '"{{any}}"')
      .replaceAll(/"20\d\d-[^"]+Z"/g, '"{{when}}"');
    expect(JSON.parse(text)).toEqual(fixture.response);
  },
);

test("a contact is known by its phone: meta, tags and assignees are merged unless they are to be overwritten", async () => {
  const phone = "+525500000001";
  const first = { phone, meta: { a: 1, b: 1 }, tags: ["x"], default_assignees: [1], first_name: "Ana" };
  const made = (await call("POST", "/contact", first)).body;
  const merged = (
    await call("POST", "/contact", { phone, meta: { b: 2 }, tags: [{ name: "y" }], default_assignees: [1, 2] })
  ).body;
  expect(merged).toMatchObject({ id: made.id, first_name: "Ana", meta: { a: 1, b: 2 }, default_assignees: [1, 2] });
  expect(merged.tags).toEqual([{ name: "x" }, { name: "y" }]);
  const flags = { overwrite_meta: true, overwrite_tags: "true", overwrite_default_assignees: true };
  const other = { phone, meta: { c: 3 }, tags: ["z"], default_assignees: [3], ...flags };
  const overwritten = (await call("POST", "/contact", other)).body;
  expect(overwritten).toMatchObject({ id: made.id, first_name: "Ana", meta: { c: 3 }, default_assignees: [3] });
  expect(overwritten.tags).toEqual([{ name: "z" }]);
});

test("a contact can come as a form in parts, and a broken one is refused", async () => {
  const field = (name: string, value: string) =>
    `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const form = field("phone", "+525500000091") + field("tags", '["x"]') + field("meta", '{"a":1}');
  const send = (payload: string) =>
    server.app.inject({
      ...{ method: "POST", url: "/api/contact", payload },
      headers: { authorization: `Token ${key}`, "content-type": "multipart/form-data; boundary=b" },
    });
  const made = await send(`${form}--b--\r\n`);
  expect(made.json()).toMatchObject({ phone: "+525500000091", tags: [{ name: "x" }], meta: { a: 1 } });
  for (const broken of ["", "--b", form, form.replace("phone", "x")]) expect((await send(broken)).statusCode).toBe(400);
});

test("PATCH changes what is given, PUT with empty meta and tags clears them, DELETE takes the contact away", async () => {
  const { body } = await call("POST", "/contact", {
    phone: "+525500000002",
    meta: { a: 1 },
    tags: ["x"],
    email: "p@h.example",
  });
  const url = `/contact/${body.id}`;
  expect((await call("PATCH", url, { last_name: "Ruiz", meta: { b: 2 } })).body).toMatchObject({
    last_name: "Ruiz",
    email: "p@h.example",
    meta: { a: 1, b: 2 },
  });
  const put = (await call("PUT", url, { phone: "+525500000003", meta: {}, tags: [] })).body;
  expect(put).toMatchObject({ id: body.id, phone: "+525500000003", last_name: "Ruiz", meta: {}, tags: [] });
  expect((await call("GET", url)).body).toEqual(put);
  expect(await call("DELETE", url)).toMatchObject({ status: 204, body: "" });
  expect(await call("GET", url)).toMatchObject({ status: 404, body: { detail: "Not found." } });
  expect((await call("PATCH", url, {})).status).toBe(404);
});

test("the phone goes before the e-mail: another contact's e-mail is refused, one without a phone gets it", async () => {
  await call("POST", "/contact", { phone: "+525500000010", email: "owner@h.example" });
  const taken = await call("POST", "/contact", { phone: "+525500000011", email: "owner@h.example" });
  expect(taken).toMatchObject({ status: 400, body: { email: ["The email belongs to another contact."] } });
  await rest("/v1/contacts", { email: "mail-only@h.example" });
  const { body } = await call("POST", "/contact", { phone: "+525500000012", email: "mail-only@h.example" });
  const list = await call("GET", "/contact?email=mail-only@h.example");
  expect(list.body).toMatchObject({ count: 1, results: [{ id: body.id, phone: "+525500000012" }] });
});

test("lists by pages, with the addresses of the next and the previous one", async () => {
  for (const index of [1, 2, 3]) await call("POST", "/contact", { phone: `+52550000010${index}` });
  const first = (await call("GET", "/contact?page_size=2")).body;
  expect(first).toMatchObject({
    previous: null,
    next: expect.stringMatching(/^http:\/\/.*\/api\/contact\?page_size=2&page=2$/),
  });
  expect(first.results.map(({ phone }: { phone: string }) => phone)).toEqual(["+525500000103", "+525500000102"]);
  const next = await server.app.inject({
    url: new URL(first.next).pathname + new URL(first.next).search,
    headers: { authorization: `Token ${key}` },
  });
  expect(next.json().results[0].phone).toBe("+525500000101");
  expect(next.json().previous).toMatch(/\/api\/contact\?page_size=2$/);
  expect(first.count).toBeGreaterThan(3);
  for (const page of ["0", "x", "999", "99999999999"])
    expect(await call("GET", `/contact?page=${page}`)).toMatchObject({
      status: 404,
      body: { detail: "Invalid page." },
    });
  expect(await call("GET", "/contact?page=9999")).toMatchObject({ status: 400, body: { page: [expect.any(String)] } });
  expect((await call("GET", "/contact?page_size=0")).status).toBe(200);
  expect((await call("GET", "/contact?search=%2B525500000101")).body.count).toBe(1);
  expect((await call("GET", "/contact?search=nobody")).body).toEqual({
    count: 0,
    next: null,
    previous: null,
    results: [],
  });
});

test.each<[string, unknown, object]>([
  ["no phone", {}, { phone: ["This field is required."] }],
  ["an empty phone", { phone: " " }, { phone: ["This field may not be blank."] }],
  ["a phone of the wrong type", { phone: 5 }, { phone: ["Not a valid string."] }],
  ["a number that cannot be", { phone: "12" }, { phone: [expect.any(String)] }],
  ["several at once", { phone: "12", email: "x" }, { phone: [expect.any(String)], email: [expect.any(String)] }],
  ["an address that is none", { phone: "+525500000020", external_url: "x" }, { external_url: ["Enter a valid URL."] }],
  ["meta as a list", { phone: "+525500000020", meta: [1] }, { meta: [expect.any(String)] }],
  ["meta with a built-in field", { phone: "+525500000020", meta: { email: "x" } }, { meta: [expect.any(String)] }],
  [
    "meta with a field of the contact",
    { phone: "+525500000020", meta: { source: "x" } },
    { meta: [expect.any(String)] },
  ],
  [
    "a flag that is none",
    { phone: "+525500000020", overwrite_meta: "maybe" },
    { overwrite_meta: ["Must be a valid boolean."] },
  ],
  ["too long a name", { phone: "+525500000020", first_name: "x".repeat(101) }, { first_name: [expect.any(String)] }],
  ["an empty tag", { phone: "+525500000020", tags: [" "] }, { tags: [expect.any(String)] }],
  ["a list", [1], { non_field_errors: ["Invalid data. Expected a dictionary."] }],
  ["broken JSON", "{", { detail: expect.stringContaining("JSON parse error") }],
])("refuses a contact with %s, and names the field", async (_name, body, expected) => {
  const answer = await call("POST", "/contact", body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(400);
  expect(answer.body).toEqual(expected);
});

test("runs a flow for contacts by phone, by id and as text, each once, and keeps who was in it", async () => {
  const known = (await call("POST", "/contact", { phone: "+525500000030" })).body;
  const contact_list = [
    { id: known.id, first_name: "Ana" },
    { phone: "+525500000031" },
    "+525500000032",
    { phone: "+525500000030" },
  ];
  const { status, body } = await call("POST", `/flow/${flow.number}/run/`, { execute_for: "LIST", contact_list });
  expect(status).toBe(201);
  expect(body).toMatchObject({ status: "STARTING", num_contacts: 3, flow: { id: flow.id, name: "Campaign" } });
  expect((await call("GET", `/flow-execution/${body.id}`)).body).toEqual(body);
  expect((await call("GET", `/flow-execution?flow=${flow.id}&page_size=1`)).body.results).toEqual([body]);
  const contacts = (await call("GET", `/flow-execution-contact?flow_execution=${body.id}`)).body;
  expect(contacts.count).toBe(3);
  expect(contacts.results.map(({ contact }: { contact: { phone: string } }) => contact.phone).sort()).toEqual([
    "+525500000030",
    "+525500000031",
    "+525500000032",
  ]);
  const one = (await call("GET", `/flow-execution-contact?contact=${known.id}&is_active=true`)).body.results[0];
  expect(one).toMatchObject({ status: "READY", flow_name: "Campaign", contact: { first_name: "Ana" } });
  expect((await call("GET", `/flow-execution-contact/${one.id}`)).body).toEqual({ ...one, execution_steps: [] });
  await call("DELETE", `/contact/${known.id}`);
  expect((await call("GET", `/flow-execution-contact/${one.id}`)).body.contact).toEqual({
    id: known.id,
    is_deleted: true,
  });
});

test("a list in which one contact is broken starts nobody, and says which", async () => {
  const contact_list = [{ phone: "+525500000040" }, { phone: "12" }, { email: "x@h.example" }];
  const answer = await call("POST", `/flow/${flow.id}/run`, { execute_for: "LIST", contact_list });
  expect(answer).toMatchObject({
    status: 400,
    body: { contact_list: [{}, {}, { phone: ["This field is required."] }] },
  });
  const second = await call("POST", `/flow/${flow.id}/run`, { contact_list: contact_list.slice(0, 2) });
  expect(second).toMatchObject({ status: 400, body: { contact_list: [{}, { phone: [expect.any(String)] }] } });
  expect((await call("GET", "/contact?phone=%2B525500000040")).body.count).toBe(0);
});

test.each<[string, object, object]>([
  ["no list", {}, { contact_list: [expect.any(String)] }],
  ["an empty list", { contact_list: [] }, { contact_list: [expect.any(String)] }],
  [
    "1,001 contacts",
    { contact_list: Array(1001).fill({ phone: "+525500000050" }) },
    { contact_list: [expect.stringContaining("1001")] },
  ],
  ["another audience", { execute_for: "ALL", contact_list: ["+525500000050"] }, { execute_for: ["Must be LIST."] }],
  [
    "an unknown variable",
    { contact_list: ["+525500000050"], flow_execution_variables: { other: 1 } },
    { flow_execution_variables: [expect.any(String)] },
  ],
  [
    "an unknown id",
    { contact_list: [{ id: "3c90c3cc-0d44-4b50-8888-8dd25736052a" }] },
    { contact_list: [{ id: [expect.any(String)] }] },
  ],
])("refuses to run with %s", async (_name, body, expected) => {
  const answer = await call("POST", `/flow/${flow.id}/run`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(400);
  expect(answer.body).toEqual(expected);
});

test("unknown ids, flows and methods get this API's own words", async () => {
  const nobody = "3c90c3cc-0d44-4b50-8888-8dd25736052a";
  for (const url of [`/contact/${nobody}`, "/contact/x", `/flow-execution/${nobody}`, "/flow-execution-contact/%00"])
    expect(await call("GET", url)).toMatchObject({ status: 404, body: { detail: "Not found." } });
  expect((await call("POST", `/flow/${nobody}/run`, { contact_list: ["+525500000050"] })).status).toBe(404);
  for (const name of ["flow", "contact", "flow_execution"])
    expect(await call("GET", `/flow-execution-contact?${name}=x`)).toMatchObject({
      status: 400,
      body: { [name]: ["must be a UUID"] },
    });
  const answer = await call("DELETE", "/contact");
  expect(answer).toMatchObject({
    status: 405,
    body: { detail: 'Method "DELETE" not allowed.' },
    headers: { allow: "GET, POST" },
  });
});

test("a missing, an unknown and a malformed token", async () => {
  const get = (authorization?: string) =>
    server.app.inject({ url: "/api/contact", headers: authorization === undefined ? {} : { authorization } });
  expect((await get()).json()).toEqual({ detail: "Authentication credentials were not provided." });
  for (const shown of ["Token wrong", "Token", "Token a b", `Bearer ${key}`]) {
    const answer = await get(shown);
    expect([answer.statusCode, answer.json()], shown).toEqual([401, { detail: "Invalid token." }]);
    expect(answer.headers["www-authenticate"]).toBe("Token");
  }
});

test("a key without the scope is refused", async () => {
  const reader = await server.keyWith(["contacts:read"]);
  const answer = await server.app.inject({
    ...{ method: "POST", url: "/api/contact", payload: { phone: "+525500000060" } },
    headers: { authorization: reader.authorization.replace("Bearer", "Token") },
  });
  expect([answer.statusCode, answer.json()]).toEqual([403, { detail: "This API key lacks the scope contacts:write." }]);
});
