import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiKey } from "../../operations/api-keys.ts";
import { authenticate } from "../../operations/authenticate.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
let now = new Date("2026-03-01T10:00:00Z");
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, { now: () => now });
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

async function makeKey() {
  const admin = await authenticate(server.platform, server.auth.authorization.slice("Bearer ".length));
  if (!admin) throw new Error("The key of the test is not known.");
  return createApiKey(server.platform, admin, { name: "Shop", scopes: ["contacts:write"] });
}

const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  server.app.inject({ method: "POST", url, payload, headers });

const logIn = (client_id: string, client_secret: string) =>
  post("/oauth/access_token", { grant_type: "client_credentials", client_id, client_secret });

test("the id of a key and the key give a token that works for an hour", async () => {
  const { id, key } = await makeKey();
  const answer = await logIn(id, key);
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({ access_token: expect.any(String), token_type: "Bearer", expires_in: 3600 });
  const authorization = `Bearer ${answer.json().access_token}`;
  expect((await post("/addressbooks", { bookName: "One" }, { authorization })).json()).toEqual({
    id: expect.any(Number),
  });
  now = new Date(now.getTime() + 3600_000);
  const late = await post("/addressbooks", { bookName: "Two" }, { authorization });
  expect(late.statusCode).toBe(401);
  expect(late.json()).toEqual({ message: "Unauthorized!", error_code: 401 });
});

test("the log-in takes a form too", async () => {
  const { id, key } = await makeKey();
  const answer = await server.app.inject({
    method: "POST",
    url: "//oauth/access_token",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    payload: new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: key }).toString(),
  });
  expect(answer.json()).toMatchObject({ token_type: "Bearer" });
});

test("a wrong id or key gets invalid_client, which stops the node client, and nothing says which was wrong", async () => {
  const { id, key } = await makeKey();
  const answers = await Promise.all([logIn(id, "wrong"), logIn("wrong", key), logIn("a", "b")]);
  for (const answer of answers) expect(answer.statusCode).toBe(401);
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect(answers[0]?.json()).toMatchObject({ error: "invalid_client", error_code: 401 });
});

test.each([
  [{}, "invalid_request"],
  [{ grant_type: "client_credentials", client_id: 5, client_secret: ["x"] }, "invalid_request"],
  [{ grant_type: "password", client_id: "a", client_secret: "b" }, "unsupported_grant_type"],
])("refuses %j as %s", async (payload, error) => {
  const answer = await post("/oauth/access_token", payload);
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ error, error_code: 400 });
});

test("broken JSON gets SendPulse's form of an error", async () => {
  const answer = await server.app.inject({ method: "POST", url: "/oauth/access_token", payload: "{" });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ error_code: 999, message: expect.stringContaining("line 1") });
});

test("without a token, with a wrong one, and with one as the Python client stores it, the answer is 401", async () => {
  const { key } = await makeKey();
  for (const authorization of ["", "Bearer nonsense", `Bearer b'${key}'`, "Bearer", `Token ${key}`]) {
    const answer = await post("/addressbooks", { bookName: "No" }, authorization ? { authorization } : {});
    expect(answer.statusCode, authorization).toBe(401);
    expect(answer.json()).toEqual({ message: "Unauthorized!", error_code: 401 });
  }
});

test("tokens as the Python client stores them are never counted as wrong keys", async () => {
  const authorization = "Bearer b'sta_something'";
  for (let call = 0; call < 30; call += 1)
    expect((await post("/addressbooks", { bookName: "No" }, { authorization })).statusCode).toBe(401);
});

test("the key itself is a token too", async () => {
  const { key } = await makeKey();
  const answer = await post("//addressbooks/", { bookName: "Static" }, { authorization: `Bearer ${key}` });
  expect(answer.statusCode).toBe(200);
});
