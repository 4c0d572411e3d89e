import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { isAlive, readPostmaster, stopPostmaster } from "../server/embedded-postgres/postmaster.ts";
import { startEmbeddedPostgres } from "../server/embedded-postgres.ts";
import { closeDatabase, connect } from "../storage/database.ts";
import { migrate } from "../storage/migrate.ts";
import { databaseUrl } from "./database-url.ts";

declare module "vitest" {
  export interface ProvidedContext {
    databaseServer: { url: string; template: string };
  }
}

type Server = { url: string; stop(): Promise<void> };

const folderPrefix = "staffetta-test-";

/**
 * Starts one throw-away PostgreSQL for the whole test run, or uses the one at TEST_DATABASE_URL or DATABASE_URL, and migrates
 * the template that each test file clones.
 */
export default async function startTestServer(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["TEST_DATABASE_URL"] ?? process.env["DATABASE_URL"];
  const server = given ? { url: given, stop: async () => undefined } : await startThrowAwayServer();
  const template = `staffetta_test_${randomBytes(6).toString("hex")}`;
  try {
    await makeTemplate(server.url, template);
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide("databaseServer", { url: server.url, template });
  return async () => {
    if (given) await dropAll(server.url, template);
    await server.stop();
  };
}

async function startThrowAwayServer(): Promise<Server> {
  await removeAbandoned();
  const folder = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  await chmod(folder, 0o711);
  // Nothing in here outlives the run, so nothing needs to reach the disk.
  const settings = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "100" };
  const server = await startEmbeddedPostgres({ dataDir: folder, settings });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { url: server.url, stop };
}

/** A test run that was killed leaves its server behind. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(folderPrefix) ? Number(name.slice(folderPrefix.length).split("-")[0]) : 0;
    if (!pid || isAlive(pid)) continue;
    const folder = join(tmpdir(), name);
    const left = await readPostmaster(join(folder, "postgres", "cluster"));
    if (left) await stopPostmaster(left.pid, 5_000);
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function makeTemplate(url: string, template: string): Promise<void> {
  const admin = connect(url, { max: 1, applicationName: "test setup" });
  await admin`create database ${admin(template)}`.finally(() => closeDatabase(admin));
  const own = connect(databaseUrl(url, template), { max: 1, applicationName: "test setup" });
  await migrate(own).finally(() => closeDatabase(own));
}

async function dropAll(url: string, template: string): Promise<void> {
  const admin = connect(url, { max: 1, applicationName: "test setup" });
  const left = await admin<{ datname: string }[]>`
    select datname from pg_database where starts_with(datname, ${template})`;
  for (const { datname } of left) await admin`drop database if exists ${admin(datname)} with (force)`;
  await closeDatabase(admin);
}
