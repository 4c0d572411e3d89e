import fc from "fast-check";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
let urls: string[];
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, { settings: { bodyLimitBytes: 50_000 } });
  const variables = ["string", "number", "date", "structure"].map((type) => ({ name: type, type }));
  const create = (payload: object) =>
    server.app.inject({ method: "POST", url: "/v1/event-definitions", headers: server.auth, payload });
  const [fixed, learning] = [await create({ name: "fixed", variables }), await create({ name: "learning" })];
  urls = [
    fixed.json().path,
    learning.json().path,
    "/events/name/fixed",
    "//events/name/learning/",
    "/a360/events/delete-log",
  ];
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

const names =
  "email phone automation_id string number date structure event_id names __proto__ constructor a[0][b] a[] a[__proto__][x]";
const word = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "a@b.example",
    " 390612345678",
    "380931112233",
    "12",
    "1e999",
    "\0",
    "\ud800",
    "[{}]",
    'a:1:{i:0;s:1:"x";}',
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
);
const { value: json } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(word, fc.double(), fc.boolean(), fc.constant(null), fc.integer()),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...names.split(" ")), word), tie("value"), { maxKeys: 5 }),
  ),
}));
const fields = fc.dictionary(fc.oneof(fc.constantFrom(...names.split(" ")), word), fc.oneof(json, word), {
  maxKeys: 6,
});
const form = fc.dictionary(
  fc.constantFrom(...names.split(" ")),
  word.map((text) => text.toWellFormed()),
  { maxKeys: 6 },
);
const part = (name: string, value: string) =>
  `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const body = fc.oneof(
  fields.map((given) => JSON.stringify({ email: "a@b.example", ...given })),
  json.map((value) => JSON.stringify(value) ?? ""),
  form.map((given) => new URLSearchParams(given).toString()),
  form.map(
    (given) =>
      `${Object.entries(given)
        .map(([name, value]) => part(name, value))
        .join("")}--x--\r\n`,
  ),
  fc.constantFrom(
    "",
    "{",
    "[".repeat(5000),
    '{"email":"a@b.example","x":"'.padEnd(60_000, "y"),
    "--x\r\n",
    "a=%zz&email=%ff",
  ),
  fc.string({ unit: "binary" }),
);
const type = fc.constantFrom(
  ...["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
  ...["multipart/form-data", "multipart/mixed; boundary=x", "nonsense", ""],
);

test("no call, however broken, gets a 500, and every refusal is in SendPulse's form", async () => {
  const call = fc.record({ url: fc.nat(), body, type, isAuthorized: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(call, async ({ url, body: payload, type: content, isAuthorized }) => {
      const options = {
        method: "POST",
        url: urls[url % urls.length],
        payload,
        headers: { ...(content && { "content-type": content }), ...(isAuthorized && server.auth) },
      };
      const { statusCode, body: text } = await server.app.inject(options as InjectOptions);
      expect(statusCode, `${options.url} ${content}\n${payload}\n${server.log.at(-1)}`).toBeLessThan(500);
      const said = JSON.parse(text);
      if (statusCode === 200) expect(said.result).toBe(true);
      else expect(said).toMatchObject({ error_code: expect.any(Number), message: expect.any(String) });
    }),
    { numRuns: 500 },
  );
}, 60_000);
