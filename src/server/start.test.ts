import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createEmptyDatabase } from "../testing/database.ts";
import { type Configuration, readConfiguration } from "./configuration.ts";
import { findRunningPostgres } from "./embedded-postgres/find-running.ts";
import { createLogger } from "./http/logger.ts";
import { samplePurchase } from "./sample-flow.ts";
import { type StartedServer, startServer } from "./start.ts";

const logger = createLogger({ level: "silent" });
const folders: string[] = [];

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function configurationOf(environment: Record<string, string>): Promise<Configuration> {
  const folder = await mkdtemp(join(tmpdir(), "staffetta-start-"));
  folders.push(folder);
  await chmod(folder, 0o711);
  const read = readConfiguration({ PORT: "0", DATA_DIR: join(folder, "data"), ...environment });
  if (!read.ok) throw new Error(read.problems.join("\n"));
  return read.value;
}

type Server = Pick<StartedServer, "url"> & { key: string };

async function call({ url, key }: Server, request: string, body?: object) {
  const [method = "", path = ""] = request.split(" ");
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const response = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const text = await response.text();
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : text };
}

/** Asks until there is a mail: nothing tells a caller of the API when one has arrived. */
async function firstMail(server: Server, to: string): Promise<{ subject: string }> {
  const path = `/v1/sandbox/messages?to=${encodeURIComponent(to)}`;
  for (;;) {
    const { body } = await call(server, `GET ${path}`);
    if (body.data?.[0]) return body.data[0];
  }
}

test("a first start has a key, a sample flow and a mail to show; the second has the same", async () => {
  const configuration = await configurationOf({});
  const first = await startServer(configuration, logger);
  const key = first.firstKey?.key ?? "";
  const server = { url: first.url, key };
  expect(key).toMatch(/^stk_[\w-]{43}$/);
  expect((await readFile(join(configuration.dataDir, "api-key"), "utf8")).trim()).toBe(key);
  expect((await stat(join(configuration.dataDir, "api-key"))).mode & 0o777).toBe(0o600);
  expect(await call(server, "GET /readyz")).toMatchObject({ status: 200 });
  const receipt = await call(server, `POST /in/${first.sampleToken}`, samplePurchase);
  expect(receipt).toMatchObject({ status: 202, body: { flow: 1 } });
  expect(await firstMail(server, "ada@example.com")).toMatchObject({
    subject: "Thank you, Ada: a gift for order A-1001",
  });
  await expect(startServer(configuration, logger)).rejects.toThrow(/Another Staffetta .* is using/);
  await first.stop();
  expect(await findRunningPostgres(configuration.dataDir)).toBeUndefined();

  const second = await startServer(configuration, logger);
  expect(second.firstKey?.key).toBe(key);
  expect(second.sampleToken).toBe(first.sampleToken);
  await second.stop();
});

test("a port that is taken stops the start in one sentence, with nothing left running", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const database = await createEmptyDatabase();
  const configuration = await configurationOf({ DATABASE_URL: database.url, PORT: String(port) });
  await expect(startServer(configuration, logger)).rejects.toThrow(
    `Port ${port} of 127.0.0.1 is taken by another program: stop it, or set PORT to another one.`,
  );
  other.close();
  const [left] =
    await database.sql`select count(*)::int as count from pg_stat_activity where application_name = 'staffetta' and datname = current_database()`;
  expect(left).toEqual({ count: 0 });
  await database.drop();
});

test("a database that is not there is named, without its password", async () => {
  const configuration = await configurationOf({ DATABASE_URL: "postgres://u:hunter2@127.0.0.1:1/x" });
  const refused = await startServer(configuration, logger).catch((error: Error) => error.message);
  expect(refused).toMatch(/^The database at 127\.0\.0\.1:1 cannot be used: .*\.$/);
  expect(refused).not.toContain("hunter2");
});

test("roles in three processes on one database do the work of one", async () => {
  const database = await createEmptyDatabase();
  const key = "stk_test_key_of_all_processes";
  const shared = { DATABASE_URL: database.url, STAFFETTA_API_KEY: key, STAFFETTA_SECRET_KEY: "5".repeat(64) };
  const start = async (ROLES: string) => startServer(await configurationOf({ ...shared, ROLES }), logger);
  // All at once on a new database: migrations, the first workspace and the sample flow must be made once.
  const [api, engine, sender] = await Promise.all(["api", "engine", "sender"].map(start));
  if (!api || !engine || !sender) throw new Error("Three processes were expected.");
  const server = { url: api.url, key };
  expect((await call(server, "GET /v1/flows")).body.data).toHaveLength(1);
  expect(new Set([api.sampleToken, engine.sampleToken, sender.sampleToken]).size).toBe(1);
  await call(server, `POST /in/${api.sampleToken}`, { ...samplePurchase, total: 5 });
  expect(await firstMail(server, "ada@example.com")).toMatchObject({ subject: "Thank you for order A-1001" });
  expect(await call({ url: engine.url, key }, "GET /v1/flows")).toMatchObject({ status: 404 });
  expect(await call({ url: sender.url, key }, "GET /readyz")).toMatchObject({ status: 200 });
  await Promise.all([api.stop(), engine.stop(), sender.stop()]);
  await database.drop();
});

test("an HTTP action can be tried, and does not reach this machine unless it is allowed to", async () => {
  const database = await createEmptyDatabase();
  const key = "stk_test_key_for_test_calls";
  const server = await startServer(
    await configurationOf({ DATABASE_URL: database.url, STAFFETTA_API_KEY: key }),
    logger,
  );
  const config = { method: "GET", url: `${server.url}/healthz` };
  const tried = await call({ url: server.url, key }, "POST /v1/http-actions/test", { config });
  expect(tried).toMatchObject({ status: 200, body: { ok: false, result: { reason: "blocked" } } });
  const wrong = await call({ url: server.url, key }, "POST /v1/http-actions/test", {
    config: { method: "GET", url: "{{ oops" },
  });
  expect(wrong).toMatchObject({ status: 422, body: { issues: [{ path: "config.url" }] } });
  await server.stop();
  await database.drop();
});
