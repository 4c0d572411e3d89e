import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import type { Sql } from "./database.ts";

type Migration = { number: number; name: string; text: string; checksum: string };
type Applied = { number: number; name: string; checksum: string };
type Connection = postgres.ReservedSql<{ bigint: number; plainDate: string }>;

const oldestServer = 150000;
const ownMigrations = fileURLToPath(new URL("./migrations/", import.meta.url));

/**
 * Brings the database to the newest schema, each file in a transaction of its own, and returns the names it applied.
 * Only one process at a time does this; others wait. Throws when the database is newer than this program, when an applied
 * file was changed since, or when the server is older than PostgreSQL 15.
 */
export async function migrate(sql: Sql, directory: string = ownMigrations): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const connection = await sql.reserve();
  try {
    await refuseOldServer(connection);
    await connection`select pg_advisory_lock(hashtext('staffetta.migrate'))`;
    try {
      return await applyPending(connection, migrations);
    } finally {
      await connection`select pg_advisory_unlock(hashtext('staffetta.migrate'))`;
    }
  } finally {
    connection.release();
  }
}

/** The names of the migrations that the database lacks. Throws like `migrate` when it has others than this program. */
export async function findPending(sql: Sql, directory: string = ownMigrations): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const [table] = await sql<{ exists: boolean }[]>`select to_regclass('schema_migration') is not null as exists`;
  const applied = table?.exists
    ? await sql<Applied[]>`select number, name, checksum from schema_migration order by number`
    : [];
  refuseUnknown(applied, migrations);
  const done = new Set(applied.map(({ number }) => number));
  return migrations.filter(({ number }) => !done.has(number)).map(({ name }) => name);
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(files.map((file) => readMigration(directory, file)));
}

async function readMigration(directory: string, file: string): Promise<Migration> {
  const match = /^(\d{4})_([a-z0-9_]+)\.sql$/.exec(file);
  if (!match) throw new Error(`The migration ${file} is not named like 0001_contacts.sql.`);
  const text = (await readFile(`${directory}/${file}`, "utf8")).replaceAll("\r\n", "\n");
  const checksum = createHash("sha256").update(text).digest("hex");
  return { number: Number(match[1]), name: file.slice(0, -".sql".length), text, checksum };
}

async function refuseOldServer(connection: Connection): Promise<void> {
  const [row] = await connection<{ version: number; text: string }[]>`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as text`;
  if (row && row.version < oldestServer) {
    throw new Error(`Staffetta needs PostgreSQL 15 or newer; this server is ${row.text}.`);
  }
}

async function applyPending(connection: Connection, migrations: Migration[]): Promise<string[]> {
  const applied = await readApplied(connection);
  refuseUnknown(applied, migrations);
  const done = new Set(applied.map(({ number }) => number));
  const names: string[] = [];
  for (const migration of migrations) {
    if (done.has(migration.number)) continue;
    await apply(connection, migration);
    names.push(migration.name);
  }
  return names;
}

async function readApplied(connection: Connection): Promise<Applied[]> {
  await connection`
    create table if not exists schema_migration (
      number int primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    )`;
  return connection<Applied[]>`select number, name, checksum from schema_migration order by number`;
}

function refuseUnknown(applied: Applied[], migrations: Migration[]): void {
  const known = new Map(migrations.map((migration) => [migration.number, migration]));
  for (const { number, name, checksum } of applied) {
    const own = known.get(number);
    if (!own) {
      throw new Error(`The database is newer than this program (it has migration ${name}); start a newer Staffetta.`);
    }
    if (own.checksum !== checksum) {
      throw new Error(`The migration ${name} was changed after it was applied; put it back and add a new one instead.`);
    }
  }
}

async function apply(connection: Connection, { number, name, text, checksum }: Migration): Promise<void> {
  await connection`begin`;
  try {
    await connection.unsafe(text);
    await connection`insert into schema_migration (number, name, checksum) values (${number}, ${name}, ${checksum})`;
    await connection`commit`;
  } catch (cause) {
    await connection`rollback`;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The migration ${name} failed: ${reason}`, { cause });
  }
}
