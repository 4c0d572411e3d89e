import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

type Method = "GET" | "POST" | "PUT" | "DELETE";

async function call(
  ...[method, url, payload, auth = server.auth]: [Method, string, object?, { authorization: string }?]
) {
  const answer = await server.app.inject({ method, url, headers: auth, ...(payload ? { payload } : {}) });
  return { status: answer.statusCode, body: answer.json() };
}
let books = 0;
async function makeBook(): Promise<number> {
  books += 1;
  return (await call("POST", "/addressbooks", { bookName: `Book ${books}` })).body.id;
}
const add = (book: number, emails: unknown, more = {}) =>
  call("POST", `/addressbooks/${book}/emails`, { emails, ...more });
const emailsOf = async (book: number) => (await call("GET", `/addressbooks/${book}/emails`)).body;

test("a book is made, listed, renamed and deleted", async () => {
  const id = await makeBook();
  await add(id, ["a@shop.example", "b@shop.example"]);
  const [book] = (await call("GET", `/addressbooks/${id}`)).body;
  expect(book).toMatchObject({ id, all_email_qty: 2, active_email_qty: 2, inactive_email_qty: 0, status: 0 });
  expect(book.creationdate).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  expect((await call("GET", "/addressbooks?limit=100")).body).toContainEqual(book);
  expect(await call("PUT", `/addressbooks/${id}`, { name: "Renamed" })).toMatchObject({ body: { result: true } });
  expect((await call("GET", `/addressbooks/${id}/emails/total`)).body).toEqual({ total: 2 });
  expect((await call("GET", `/addressbooks/${id}/cost`)).body).toMatchObject({ sent_emails_qty: 2, result: true });
  expect((await call("DELETE", `/addressbooks/${id}`)).body).toEqual({ result: true });
  expect(await call("GET", `/addressbooks/${id}`)).toMatchObject({ status: 404, body: { error_code: 213 } });
});

test("addresses are added with variables, read, changed and taken out", async () => {
  const id = await makeBook();
  const emails = [
    { email: "Ada@Shop.example", variables: { "First name": "Ada", age: 36, Phone: "393331234567" } },
    { email: "bo@shop.example", variables: [{ name: "age", value: "40" }] },
    "cy@shop.example",
  ];
  expect((await add(id, emails, { tags: ["vip"] })).body).toEqual({ result: true });
  expect(await emailsOf(id)).toMatchObject([
    { email: "ada@shop.example", phone: "+393331234567", status: 1, variables: { First_name: "Ada", age: 36 } },
    { email: "bo@shop.example", phone: "", variables: { age: "40" } },
    { email: "cy@shop.example", variables: {} },
  ]);
  expect((await call("GET", `/addressbooks/${id}/variables`)).body).toContainEqual({
    name: "First_name",
    type: "string",
  });
  expect((await call("GET", `/addressbooks/${id}/variables/age/36`)).body).toMatchObject([
    { email: "ada@shop.example" },
  ]);
  const variables = [{ name: "age", value: 41 }];
  await call("POST", `/addressbooks/${id}/emails/variable`, { email: "BO@shop.example", variables });
  await call("PUT", `/addressbooks/${id}/phone`, { email: "cy@shop.example", phone: 393337654321 });
  expect((await call("GET", `/addressbooks/${id}/emails/bo@shop.example`)).body).toMatchObject({
    ...{ abook_id: id, variables: { age: 41 }, status: 1, status_explain: "Active" },
  });
  expect((await call("GET", `/addressbooks/${id}/emails/cy@shop.example`)).body.phone).toBe("+393337654321");
  expect((await call("DELETE", `/addressbooks/${id}/emails`, { emails: ["ada@shop.example"] })).body.result).toBe(true);
  expect((await emailsOf(id)).map(({ email }: { email: string }) => email)).toEqual([
    "bo@shop.example",
    "cy@shop.example",
  ]);
  expect(await call("DELETE", `/addressbooks/${id}/emails`, { emails: ["ada@shop.example"] })).toMatchObject({
    ...{ status: 400, body: { error_code: 303 } },
  });
});

test("who unsubscribed stays so when added again, and who is subscribed is not asked to confirm", async () => {
  const id = await makeBook();
  await add(id, ["left@shop.example", "in@shop.example"]);
  await call("POST", `/addressbooks/${id}/emails/unsubscribe`, { emails: ["left@shop.example"] });
  await add(id, ["left@shop.example", "in@shop.example", "new@shop.example"], { confirmation: "force" });
  const statuses = (await emailsOf(id)).map((one: { email: string; status: number }) => [one.email, one.status]);
  expect(statuses).toEqual([
    ["left@shop.example", 4],
    ["in@shop.example", 1],
    ["new@shop.example", 2],
  ]);
  expect((await call("GET", `/addressbooks/${id}`)).body[0]).toMatchObject({
    active_email_qty: 1,
    inactive_email_qty: 2,
  });
});

test("an address is looked up over all books, and taken out of all", async () => {
  const [one, other] = [await makeBook(), await makeBook()];
  for (const book of [one, other]) await add(book, [{ email: "all@shop.example", variables: { n: 1 } }]);
  const known = (await call("GET", "/emails/all@shop.example")).body;
  expect(known).toMatchObject([{ book_id: one, status: 1, variables: { n: 1 } }, { book_id: other }]);
  expect((await call("GET", "/emails/all@shop.example/details")).body).toMatchObject([
    { list_id: one },
    { list_id: other },
  ]);
  expect((await call("POST", "/emails", { emails: ["all@shop.example", "nobody@x.example"] })).body).toEqual({
    "all@shop.example": known,
  });
  expect((await call("GET", "/emails/all@shop.example/campaigns")).body).toMatchObject({
    ...{ statistic: { sent: 0, open: 0, link: 0 }, blacklist: false, addressbooks: [{ id: one }, { id: other }] },
  });
  expect((await call("DELETE", "/emails/all@shop.example")).body).toEqual({ result: true });
  expect((await call("GET", "/emails/all@shop.example")).body).toEqual([]);
  expect(await call("GET", "/emails/nobody@x.example")).toMatchObject({ status: 404, body: { error_code: 502 } });
});

test("the blacklist is base64 of addresses with commas between", async () => {
  const id = await makeBook();
  await add(id, ["bad@shop.example"]);
  const emails = Buffer.from("bad@shop.example, worse@shop.example").toString("base64");
  expect((await call("POST", "/blacklist", { emails, comment: "no" })).body).toEqual({ result: true });
  expect((await call("GET", "/blacklist")).body.toSorted()).toEqual(["bad@shop.example", "worse@shop.example"]);
  expect((await emailsOf(id))[0]).toMatchObject({ status: 5 });
  expect((await call("DELETE", "/blacklist", { emails: "bad@shop.example" })).body).toEqual({ result: true });
  expect((await call("GET", "/blacklist")).body).toEqual(["worse@shop.example"]);
  expect(await call("POST", "/blacklist", { emails: "%%%" })).toMatchObject({ status: 400, body: { error_code: 11 } });
});

test("tags are put on addresses, counted and taken off", async () => {
  const id = await makeBook();
  await add(id, ["t1@shop.example", "t2@shop.example"]);
  await call("POST", "/tags", { emails: ["t1@shop.example", "t2@shop.example"], tags: ["gold"] });
  expect((await call("GET", "/tags")).body.data).toContainEqual({ id: "gold", name: "gold", contacts: 2 });
  await call("DELETE", "/tags", { emails: ["t1@shop.example"], tags: "gold" });
  expect((await call("GET", "/tags")).body.data).toContainEqual({ id: "gold", name: "gold", contacts: 1 });
});

test.each<[string, string, object, number, number]>([
  ["POST", "/addressbooks", {}, 400, 201],
  ["POST", "/addressbooks", { bookName: " " }, 400, 201],
  ["POST", "/addressbooks", { bookName: 5 }, 400, 201],
  ["GET", "/addressbooks/999999", {}, 404, 213],
  ["GET", "/addressbooks/abc", {}, 404, 213],
  ["GET", "/addressbooks/99999999999999999999", {}, 404, 213],
  ["GET", "/addressbooks?limit=-1", {}, 422, 21356],
  ["GET", "/addressbooks?limit=x", {}, 422, 21356],
  ["POST", "/addressbooks/ID/emails", {}, 400, 11],
  ["POST", "/addressbooks/ID/emails", { emails: [] }, 400, 11],
  ["POST", "/addressbooks/ID/emails", { emails: ["nobody"] }, 400, 906],
  ["POST", "/addressbooks/ID/emails", { emails: [5] }, 400, 906],
  ["POST", "/addressbooks/ID/emails", { emails: "a:2:{i:0;" }, 422, 21356],
  [
    "POST",
    "/addressbooks/ID/emails",
    { emails: Array.from({ length: 1001 }, (_, n) => `a${n}@x.example`) },
    422,
    21356,
  ],
  ["POST", "/addressbooks/ID/emails", { emails: [{ email: "a@x.example", variables: { è: 1 } }] }, 422, 21356],
  ["POST", "/addressbooks/ID/emails", { emails: [{ email: "a@x.example", phone: "12" }] }, 422, 21356],
  ["POST", "/addressbooks/ID/emails", { emails: [{ email: "a@x.example", variables: { "a\u0000": 1 } }] }, 422, 21356],
  ["POST", "/addressbooks/999999/emails", { emails: ["a@x.example"] }, 404, 213],
  ["POST", "/addressbooks/ID/emails/variable", { variables: [] }, 400, 906],
  ["POST", "/addressbooks/ID/emails/variable", { email: "no@x.example", variables: [] }, 400, 303],
  ["PUT", "/addressbooks/ID/phone", { email: "no@x.example" }, 400, 8],
  ["GET", "/emails/nobody", {}, 404, 502],
])("%s %s with %j is refused with %i and number %i", async (...[method, path, payload, status, number]) => {
  const url = path.replace("ID", String(await makeBook()));
  const answer = await call(method as "GET", url, method === "GET" ? undefined : payload);
  expect(answer).toMatchObject({ status, body: { error_code: number, message: expect.any(String) } });
  expect(await database.sql`select 1 from contact where email like 'a%@x.example'`).toHaveLength(0);
});

test("nothing of another workspace is seen, and a key without the scope is refused", async () => {
  const id = await makeBook();
  const reader = await server.keyWith(["contacts:read"]);
  const refused = await call("POST", `/addressbooks/${id}/emails`, { emails: ["a@x.example"] }, reader);
  expect(refused).toMatchObject({ status: 403, body: { error_code: 800 } });
  await database.sql`insert into workspace (id, name, created_at) values ('018f2f6e-0000-7000-8000-0000000000aa', 'Other', now())`;
  await database.sql`update list set workspace_id = '018f2f6e-0000-7000-8000-0000000000aa' where number = ${id}`;
  for (const path of ["", "/emails", "/variables", "/emails/total", "/cost"])
    expect((await call("GET", `/addressbooks/${id}${path}`)).status).toBe(404);
});
