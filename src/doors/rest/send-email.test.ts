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

async function send(payload: object, headers: Record<string, string> = {}) {
  const answer = await server.app.inject({
    ...{ method: "POST", url: "/v1/messages", headers: { ...server.auth, ...headers } },
    payload,
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}
const mail = { to: "Ada <ada@example.com>", subject: "Hi", html: "<p>Hi</p>" };

test("a mail is queued for its recipient, who is a contact from then on", async () => {
  const { status, body } = await send(mail);
  expect(status).toBe(202);
  expect(body.messages).toEqual([{ id: expect.any(String), contactId: expect.any(String), to: "ada@example.com" }]);
  const read = await server.app.inject({ url: `/v1/messages/${body.messages[0].id}`, headers: server.auth });
  expect(read.json()).toMatchObject({
    status: "queued",
    subject: "Hi",
    to: "ada@example.com",
    runId: null,
    flowId: null,
  });
});

test("a repeat with the same key is the same mail, and with another body it is refused", async () => {
  const first = await send(mail, { "idempotency-key": "m-1" });
  const second = await send(mail, { "idempotency-key": "m-1" });
  expect(second.body).toEqual(first.body);
  expect(second.headers["idempotent-replayed"]).toBe("true");
  const other = await send({ ...mail, subject: "Other" }, { "idempotency-key": "m-1" });
  expect(other).toMatchObject({ status: 409, body: { code: "idempotency_key_reused" } });
});

test.each<[object, string]>([
  [{ ...mail, to: "nobody" }, "to[0]"],
  [{ ...mail, to: [] }, "to"],
  [{ to: mail.to, subject: "Hi" }, "html"],
  [{ ...mail, variables: {}, subject: "{{ x }}" }, "subject"],
  [{ ...mail, color: "red" }, "color"],
])("refuses %j and names the field", async (payload, path) => {
  const { status, body } = await send(payload);
  expect(status).toBe(422);
  expect(body.issues.map((issue: { path: string }) => issue.path)).toContain(path);
});

test("needs the scope messages:write, and no other", async () => {
  expect((await send(mail, await server.keyWith(["contacts:write"]))).status).toBe(403);
  expect((await send(mail, await server.keyWith(["messages:write"]))).status).toBe(202);
});
