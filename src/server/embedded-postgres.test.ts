import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { closeDatabase, connect } from "../storage/database.ts";
import { isAlive, readPostmaster } from "./embedded-postgres/postmaster.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";

// mkdtemp makes it 0700: as root, this is also the case of a parent that is closed to the account postgres.
let dataDir: string;
let data: string;
let server: EmbeddedPostgres | undefined;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "staffetta-embedded-"));
  data = join(dataDir, "postgres", "cluster");
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function start(): Promise<EmbeddedPostgres> {
  server = await startEmbeddedPostgres({ dataDir });
  return server;
}

async function ask(url: string, query: string): Promise<unknown> {
  const sql = connect(url, { max: 1, applicationName: "test" });
  const [row] = await sql.unsafe(query).finally(() => closeDatabase(sql));
  return row?.["value"];
}

async function postmasterPid(): Promise<number> {
  const postmaster = await readPostmaster(data);
  if (!postmaster) throw new Error("No server runs.");
  return postmaster.pid;
}

async function untilGone(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid), { interval: 20, timeout: 10_000 }).toBe(false);
}

test("makes a database that keeps what it was told", async () => {
  const { url, adopted } = await start();
  await ask(url, "create table kept as select 'yes' as value");
  expect(adopted).toBe(false);
  expect(new URL(url).hostname).toBe("127.0.0.1");
});

test.each([
  ["fsync", "on"],
  ["synchronous_commit", "on"],
  ["full_page_writes", "on"],
  ["server_encoding", "UTF8"],
  ["listen_addresses", "127.0.0.1"],
  ["unix_socket_directories", ""],
])("runs with %s %j", async (name, value) => {
  const { url } = server ?? (await start());
  expect(await ask(url, `select current_setting('${name}') as value`)).toBe(value);
});

test("finds its rows again after a stop, and leaves no process", async () => {
  const { url } = await start();
  const pid = await postmasterPid();
  expect(await ask(url, "select value from kept")).toBe("yes");
  await server?.stop();
  server = undefined;
  expect(isAlive(pid)).toBe(false);
});

test("keeps the password in a file that only its owner reads, and lets nobody in without it", async () => {
  const { url } = await start();
  expect((await stat(join(dataDir, "postgres", "password"))).mode & 0o777).toBe(0o600);
  const stranger = new URL(url);
  stranger.password = "guess";
  await expect(ask(stranger.href, "select 1 as value")).rejects.toThrow("password authentication failed");
});

test("tells a second start on the same folder who uses it", async () => {
  await start();
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(
    `Another Staffetta (process ${process.pid}) is using ${dataDir}: stop it, choose another DATA_DIR`,
  );
});

test("takes over the server that a killed process left running", async () => {
  const orphan = await startOrphan();
  const { url, adopted } = await start();
  expect(await postmasterPid()).toBe(orphan);
  expect(adopted).toBe(true);
  expect(await ask(url, "select value from kept")).toBe("yes");
});

test("starts a left-over server again when its settings are of another version", async () => {
  const orphan = await startOrphan({ work_mem: "5MB" });
  server = await startEmbeddedPostgres({ dataDir, settings: { work_mem: "6MB" } });
  expect(isAlive(orphan)).toBe(false);
  expect(await ask(server.url, "select current_setting('work_mem') as value")).toBe("6MB");
});

test("starts after the server was killed too", async () => {
  const orphan = await startOrphan();
  process.kill(orphan, "SIGKILL");
  await untilGone(orphan);
  const { url, adopted } = await start();
  expect(adopted).toBe(false);
  expect(await ask(url, "select value from kept")).toBe("yes");
});

test("starts when the number in a left-over postmaster.pid belongs to another program now", async () => {
  const orphan = await startOrphan();
  const file = await readFile(join(data, "postmaster.pid"), "utf8");
  process.kill(orphan, "SIGKILL");
  await untilGone(orphan);
  await writeFile(join(data, "postmaster.pid"), file.replace(/^\d+/, String(process.ppid)));
  const { url } = await start();
  expect(await ask(url, "select value from kept")).toBe("yes");
});

test("passes by what a crash while making the folder left", async () => {
  const other = await mkdtemp(join(tmpdir(), "staffetta-embedded-"));
  const gone = "postgres.making-4194305-aaaaaa";
  await writeFile(join(other, gone), "half");
  server = await startEmbeddedPostgres({ dataDir: other });
  expect(await readdir(other)).toEqual(["postgres"]);
  await server.stop();
  server = undefined;
  await rm(other, { recursive: true });
});

/** Leaves a server as a killed process does: running, the connection that holds its lock cut. Returns its process number. */
async function startOrphan(settings: Record<string, string> = {}): Promise<number> {
  const { url } = await startEmbeddedPostgres({ dataDir, settings });
  await ask(url, "select pg_terminate_backend(pid) as value from pg_stat_activity where application_name ~ 'owner'");
  return postmasterPid();
}
