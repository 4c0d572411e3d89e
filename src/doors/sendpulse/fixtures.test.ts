import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiKey } from "../../operations/api-keys.ts";
import { authenticate } from "../../operations/authenticate.ts";
import { scopes } from "../../operations/platform.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

/** A recorded call. `{{name}}` stands for what an earlier answer was asked to `keep`, or for the id and key that log in. */
type Recorded = {
  about: string;
  request: { method: "GET"; path: string; headers: Record<string, string>; body?: string };
  status: number;
  answer: object;
  keep?: Record<string, string>;
};

const folder = new URL("./fixtures/calls/", import.meta.url);
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

async function logIn(): Promise<Map<string, string>> {
  const admin = await authenticate(server.platform, server.auth.authorization.slice("Bearer ".length));
  if (!admin) throw new Error("The key of the test is not known.");
  const { id, key } = await createApiKey(server.platform, admin, { name: "Shop", scopes: [...scopes] });
  return new Map(Object.entries({ id, key }));
}

async function play({ request, keep = {} }: Recorded, known: Map<string, string>) {
  const fill = (text: string) => text.replace(/\{\{(\w+)\}\}/g, (_whole, name: string) => known.get(name) ?? "");
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, fill(value)]));
  const { method, path, body } = request;
  const sent = { method, url: fill(path), headers, ...(body === undefined ? {} : { payload: fill(body) }) };
  const answer = await server.app.inject(sent);
  const read = answer.json();
  for (const [name, field] of Object.entries(keep)) known.set(name, String(read[field]));
  return { status: answer.statusCode, answer: read };
}

test.each(readdirSync(folder).sort())("the calls of %s are answered as recorded", async (file) => {
  const calls = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Recorded[];
  const known = await logIn();
  for (const call of calls) {
    const { status, answer } = await play(call, known);
    expect({ about: call.about, status, answer }).toMatchObject({
      about: call.about,
      status: call.status,
      answer: call.answer,
    });
    if (Array.isArray(call.answer)) expect(answer).toHaveLength(call.answer.length);
  }
});
