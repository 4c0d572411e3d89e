import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SampleCode } from "../../core/samples/sample-code.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestHttpServer, type TestHttpServer } from "../../testing/http-server.ts";

type Samples = { url: string; urlWithKey: string; body: object; withoutKey: SampleCode | null; withKey: SampleCode };

const run = promisify(execFile);
const name = 'it\'s a "sample" / 100 %';
const variables = [
  { name: 'it\'s "quoted" \\ $HOME', type: "string" },
  { name: "price", type: "number" },
  { name: "day", type: "date" },
  { name: "products", type: "structure" },
];

let database: TestDatabase;
let server: TestHttpServer;
let folder: string;
let origin: string;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await createTestHttpServer(database.sql);
  origin = await server.app.listen({ port: 0, host: "127.0.0.1" });
  folder = await mkdtemp(join(tmpdir(), "staffetta-samples-"));
  expect((await call("POST", "/v1/event-definitions", { name, variables })).status).toBe(201);
});
afterAll(async () => {
  await server.app.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function call(method: string, path: string, body?: object) {
  const headers = { ...server.auth, ...(body && { "content-type": "application/json" }) };
  const answer = await fetch(origin + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.status, body: (await answer.json()) as { id: string; code: string } };
}

async function publish(auth: string) {
  const config = { auth, map: { email: "customer.email", plan: "order.items[0].plan" } };
  const definition = {
    ...{ schema: 1, name: "Calls", steps: { stop: { kind: "end", config: {} } } },
    entries: { shop: { kind: "incoming-call", config, next: "stop" } },
  };
  const { body } = await call("POST", "/v1/flows", { definition });
  await call("POST", `/v1/flows/${body.id}/publish`, {});
  return `/v1/flows/${body.id}/entries/shop/samples`;
}

/** How each sample is run, when its language is on this machine. */
const languages: readonly [keyof SampleCode, string, string, string][] = [
  ["curl", "sample.sh", "sh", "curl --version"],
  ["javascript", "sample.mjs", process.execPath, `${process.execPath} --version`],
  ["python", "requests_sample.py", "python3", "python3 -c import&requests"],
  ["pythonStandardLibrary", "standard_sample.py", "python3", "python3 --version"],
  ["php", "sample.php", "php", "php --version"],
];

async function isThere(command: string): Promise<boolean> {
  const [program = "", ...parts] = command.split(" ").map((part) => part.replace("&", " "));
  return run(program, parts).then(
    () => true,
    () => false,
  );
}

async function runAll(samples: Samples, path: "withoutKey" | "withKey"): Promise<number> {
  const key = server.auth.authorization.slice("Bearer ".length);
  let count = 0;
  for (const [language, file, program, check] of languages) {
    const code = samples[path]?.[language];
    if (code === undefined || !(await isThere(check))) continue;
    await writeFile(join(folder, file), code.replaceAll("YOUR_API_KEY", key));
    await run(program, [join(folder, file)], { timeout: 30_000 });
    count += 1;
  }
  return count;
}

const payloads = (event: string) =>
  database.sql<{ payload: object }[]>`select payload from event where name = ${event} order by id`;

test("code for an event does what it says, without a key and with one", async () => {
  const { body: samples } = (await call(
    "GET",
    `/v1/event-definitions/${encodeURIComponent(name)}/samples`,
  )) as unknown as {
    body: Samples;
  };
  expect(samples.url).toMatch(new RegExp(`^${origin}/events/id/[0-9a-f]{32}/\\d+$`));
  expect(samples.urlWithKey).toBe(`${origin}/events/name/${encodeURIComponent(name)}`);
  expect(samples.withoutKey?.typescript).not.toContain("YOUR_API_KEY");
  const count = (await runAll(samples, "withoutKey")) + (await runAll(samples, "withKey"));
  expect(count).toBeGreaterThanOrEqual(4);
  const stored = await payloads(name);
  expect(stored).toHaveLength(count);
  for (const { payload } of stored) expect(payload).toEqual(samples.body);
}, 120_000);

test("code for an incoming call has what the entry reads, where it reads it", async () => {
  const { body: samples } = (await call("GET", await publish("token"))) as unknown as { body: Samples };
  expect(samples.body).toEqual({
    customer: { email: "ada@example.com" },
    order: { items: [{ plan: "plan value" }] },
  });
  const count = await runAll(samples, "withoutKey");
  const stored = await payloads("$incoming-call");
  expect(stored).toHaveLength(count);
  for (const { payload } of stored) expect(payload).toEqual(samples.body);
}, 120_000);

test("an address that wants an API key has no code without one", async () => {
  const { body: samples } = (await call("GET", await publish("api-key"))) as unknown as { body: Samples };
  expect(samples.withoutKey).toBeNull();
  expect(await runAll(samples, "withKey")).toBeGreaterThanOrEqual(2);
}, 120_000);

test("what is not there has no code, and a strange host does not get into it", async () => {
  expect((await call("GET", "/v1/event-definitions/nope/samples")).body.code).toBe("event_definition_not_found");
  expect((await call("GET", "/v1/flows/1/entries/nope/samples")).body.code).toBe("entry_not_found");
  expect((await call("GET", "/v1/flows/999/entries/shop/samples")).body.code).toBe("flow_not_found");
  const url = `/v1/event-definitions/${encodeURIComponent(name)}/samples`;
  const answer = await server.app.inject({ url, headers: { ...server.auth, host: "evil';rm -rf ~;'" } });
  expect(answer.json().url).toMatch(/^http:\/\/localhost\/events\/id\//);
});

test("PUBLIC_URL goes before the host that was called", async () => {
  const other = await createTestHttpServer(database.sql, { settings: { publicUrl: "https://flows.example/" } });
  const url = `/v1/event-definitions/${encodeURIComponent(name)}/samples`;
  expect((await other.app.inject({ url, headers: other.auth })).json().url).toMatch(
    /^https:\/\/flows\.example\/events\/id\//,
  );
  await other.app.close();
});
