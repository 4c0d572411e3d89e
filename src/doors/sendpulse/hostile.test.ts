import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
let book: number;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
  const made = { method: "POST", url: "/addressbooks", headers: server.auth, payload: { bookName: "Book" } } as const;
  book = (await server.app.inject(made)).json().id;
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

const routes = [
  ...["POST /oauth/access_token", "POST /addressbooks", "GET /addressbooks", "PUT /addressbooks/ID", "POST /emails"],
  ...["GET /addressbooks/ID/emails", "POST /addressbooks/ID/emails", "DELETE /addressbooks/ID/emails"],
  ...[
    "POST /addressbooks/ID/emails/unsubscribe",
    "POST /addressbooks/ID/emails/variable",
    "PUT /addressbooks/ID/phone",
  ],
  ...["POST /blacklist", "DELETE /blacklist", "POST /tags", "DELETE /tags", "POST /smtp/emails", "GET /smtp/emails"],
  ...["POST /smtp/emails/info", "GET /smtp/bounces/day", "POST /smtp/unsubscribe", "DELETE /smtp/unsubscribe"],
  ...["GET /smtp/unsubscribe/search", "POST /smtp/resubscribe", "GET /a360/autoresponders/list"],
];

const fields = ["emails", "email", "bookName", "name", "variables", "phone", "tags", "limit", "offset", "from", "date"];
const all = (value: unknown) => JSON.stringify(Object.fromEntries(fields.map((field) => [field, value])));
const bodies: [string, string | Buffer][] = [
  ["nothing", ""],
  ["a text", '"x"'],
  ["a number", "1e400"],
  ["numbers", all(1e308)],
  ["lists of lists", all([[[[]]]])],
  ["objects", all({ email: { email: {} } })],
  ["truth", all(true)],
  ["U+0000", all("a\u0000@x.example")],
  ["halves of surrogate pairs", '{"emails":["\\ud800@x.example"],"email":"\\udc00"}'],
  ["deep JSON", `${'{"emails":['.repeat(5000)}`],
  ["deep JSON in a text", all("[".repeat(50_000))],
  ["a serialized list that is never there", all("a:999999999:{i:0;")],
  ["a serialized text that is never there", all('a:1:{i:0;s:999999999:"x";}')],
  ["deep serialized lists", all("a:1:{i:0;".repeat(5000))],
  ["a name that reaches for prototypes", '{"__proto__":{"emails":["a@x.example"]},"emails":[{"__proto__":1}]}'],
  ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x00, 0x7b])],
  ["a long text", all("x".repeat(20_000))],
];

test.each(bodies)("no route breaks at %s", async (_what, payload) => {
  for (const route of routes) {
    const [method, path = ""] = route.split(" ");
    const answer = await server.app.inject({
      method: method as "POST",
      url: path.replace("ID", String(book)),
      headers: { ...server.auth, "content-type": "application/json" },
      payload,
    });
    expect(answer.statusCode, `${route}: ${answer.body}`).toBeLessThan(500);
    if (answer.statusCode >= 400)
      expect(answer.json()).toMatchObject({ message: expect.any(String), error_code: expect.any(Number) });
  }
});

test.each<[string, "GET" | "POST", number, number]>([
  ["/smtp/nothing", "GET", 404, 404],
  ["/a360//nothing/", "POST", 404, 404],
  ["/addressbooks/1/nothing", "GET", 404, 404],
])("the unknown path %s is refused in SendPulse's form", async (...[url, method, status, number]) => {
  const answer = await server.app.inject({ method, url, headers: server.auth });
  expect([answer.statusCode, answer.json().error_code]).toEqual([status, number]);
});

test("bodies over the limit are refused, of a GET request much sooner", async () => {
  const headers = { ...server.auth, "content-type": "application/json" };
  const payload = `{"x":"${"x".repeat(70_000)}"}`;
  expect((await server.app.inject({ method: "GET", url: "/addressbooks", headers, payload })).statusCode).toBe(413);
  const huge = `{"x":"${"x".repeat(6_000_000)}"}`;
  const answer = await server.app.inject({ method: "POST", url: "/smtp/emails", headers, payload: huge });
  expect([answer.statusCode, answer.json().error_code]).toEqual([413, 413]);
});
