import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

let database: TestDatabase;
let server: TestHttpServer;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql, { settings: { failedKeysPerMinute: 1e9 } });
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const limit = 5 * 1024 * 1024;
const token = "a".repeat(32);
const targets = [
  ["POST", "/v1/events"],
  ["POST", "/events/name/order"],
  ["POST", `/events/id/${token}/1`],
  ["POST", "/addressbooks"],
  ["POST", "/smtp/emails"],
  ["POST", "/apps/api/v1/contacts"],
  ["POST", "/apps/api/v1/lists/1/import"],
  ["POST", `/in/${token}`],
  ["POST", "/api/contacts/62ed0d816e5577079f07db49/whatsapp/"],
  ["POST", "/api/contact"],
  ["POST", "/api/flow/1/run"],
  ["PUT", "/api/contact/00000000-0000-0000-0000-000000000000"],
] as const;

const json = "application/json";
/** Bodies that are broken, too large, too deep, or meant to do harm; `salt` makes each a new one. */
const bodies = (salt: number): [type: string, body: string][] => [
  [json, `{"email": "a${salt}@`],
  [json, `{"email": "a${salt}@example.com", "x": "${"x".repeat(200_000)}"}`],
  [json, JSON.stringify({ emails: Array.from({ length: 5_000 }, (_, index) => `a${salt}${index}`) })],
  [json, `${"[".repeat(50_000)}${salt}`],
  [json, `{"a":`.repeat(2_000)],
  [json, `{"email": "a${salt}\\u0000@example.com", "phone": "\\ud800", "__proto__": {"admin": true}}`],
  [json, `{"phones": [${Array.from({ length: 1_001 }, (_, index) => `"+39333${salt}${index}"`).join()}]}`],
  [json, `{"n": 1e999, "automation_id": "${salt}", "email": {"a": [${salt}]}}`],
  ["application/x-www-form-urlencoded", `${"a[b][c]".repeat(300)}=${salt}&email=%ff%00${salt}&phone=+39`],
  ["multipart/form-data; boundary=b", `--b\r\ncontent-disposition: form-data; name="email"\r\n\r\na${salt}`],
  ["multipart/form-data", `--b\r\n${salt}`],
  ["text/plain", `a:99999999:{i:0;s:99999999:"${salt}";`],
  ["application/xml", `<!DOCTYPE x [<!ENTITY a "${salt}">]><x>&a;</x>`],
];
const oversized = (salt: number): [type: string, body: string] => [json, `{"email": "${String(salt).repeat(limit)}"}`];

const keys = () => {
  const bearer = server.auth.authorization;
  const key = bearer.replace("Bearer ", "");
  return [
    { authorization: bearer },
    { authorization: `Token ${key}` },
    { authorization: bearer, consumerkey: "x", consumersecret: key },
    { authorization: "Bearer b'x'" },
  ];
};

/** Sends every body to every door, each as one that no request before was. Returns the statuses that should not be. */
async function attack(round: number): Promise<string[]> {
  const wrong: string[] = [];
  for (const [at, [method, url]] of targets.entries()) {
    const salt = round * 1_000 + at;
    const sent = round % 5 === 0 ? [...bodies(salt), oversized(salt % 10)] : bodies(salt);
    for (const [index, [type, payload]] of sent.entries()) {
      const headers = { ...keys()[(index + round) % 4], "content-type": type };
      const request: InjectOptions = { method, url, payload, headers };
      const { statusCode } = await server.app.inject(request);
      if (statusCode >= 500) wrong.push(`${method} ${url} ${payload.slice(0, 60)}: ${statusCode}`);
    }
  }
  return wrong;
}

function usedMegabytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}

test("hostile bodies at every door get no 5xx, and leave nothing in memory", { timeout: 120_000 }, async () => {
  const wrong: string[] = [];
  for (let round = 0; round < 4; round += 1) wrong.push(...(await attack(round)));
  const before = usedMegabytes();
  for (let round = 4; round < 12; round += 1) wrong.push(...(await attack(round)));
  const grown = usedMegabytes() - before;
  expect(wrong).toEqual([]);
  // These rounds sent about 160 MB; what is remembered of contacts and plans of statements is bounded, and small.
  expect(grown).toBeLessThan(20);
});
