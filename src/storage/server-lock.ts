import postgres from "postgres";

/** The right to use and stop an embedded server; it ends with the process, whatever way that ends. */
export type ServerLock = { release(): Promise<void> };

type Held = { kind: "held"; lock: ServerLock } | { kind: "taken"; owner: string };

const ownerPrefix = "staffetta owner ";

/**
 * Takes the lock of the server at `url` for this process, or names the process that has it. It is a session lock on a
 * connection kept open, so a killed process gives it up by dying.
 */
export async function takeServerLock(url: string): Promise<Held> {
  const sql = postgres(url, {
    max: 1,
    max_lifetime: null,
    connect_timeout: 10,
    onnotice: () => undefined,
    connection: { application_name: ownerPrefix + process.pid },
  });
  try {
    const [row] = await sql<{ held: boolean }[]>`
      select pg_try_advisory_lock(hashtext('staffetta.server')) as held`;
    if (row?.held) return { kind: "held", lock: { release: () => sql.end({ timeout: 1 }) } };
    const owner = await findOwner(sql);
    await sql.end({ timeout: 1 });
    return { kind: "taken", owner };
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
}

/** Makes the database `name` unless it exists. */
export async function ensureDatabase(url: string, name: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const found = await sql`select 1 from pg_database where datname = ${name}`;
    if (found.length === 0) await sql`create database ${sql(name)}`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function findOwner(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<{ pid: string }[]>`
    select substr(application_name, ${ownerPrefix.length + 1}::int) as pid
      from pg_stat_activity
     where starts_with(application_name, ${ownerPrefix}) and pid <> pg_backend_pid()
     order by backend_start
     limit 1`;
  return row?.pid ?? "unknown";
}
