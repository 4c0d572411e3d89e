import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { closeDatabase, connect, type Sql } from "../storage/database.ts";
import { databaseUrl } from "./database-url.ts";

export type TestDatabase = { url: string; sql: Sql; drop(): Promise<void> };

/**
 * Clones the migrated template into a database of its own: call it in `beforeAll`, and `drop` in `afterAll`. `sql` has up to
 * ten connections.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { template } = inject("databaseServer");
  return createDatabase((admin, name) => admin`create database ${admin(name)} template ${admin(template)}`);
}

/** The same, but with nothing in it: for what tests the migrations themselves. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase((admin, name) => admin`create database ${admin(name)} template template0 encoding 'UTF8'`);
}

async function createDatabase(create: (admin: Sql, name: string) => Promise<unknown>): Promise<TestDatabase> {
  const server = inject("databaseServer");
  const name = `${server.template}_${randomBytes(6).toString("hex")}`;
  await asAdministrator(server.url, (admin) => create(admin, name));
  const url = databaseUrl(server.url, name);
  const sql = connect(url, { max: 10, applicationName: "test" });
  const drop = async () => {
    await closeDatabase(sql);
    await asAdministrator(server.url, (admin) => admin`drop database if exists ${admin(name)} with (force)`);
  };
  return { url, sql, drop };
}

async function asAdministrator(url: string, act: (admin: Sql) => Promise<unknown>): Promise<void> {
  const admin = connect(url, { max: 1, applicationName: "test administrator" });
  await act(admin).finally(() => closeDatabase(admin));
}
