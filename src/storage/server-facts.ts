import type { Queryable } from "./database.ts";

export type ServerFacts = {
  version: string;
  versionNumber: number;
  now: Date;
  connections: number;
  maxConnections: number;
};

/** What the PostgreSQL server says of itself. `now` is its clock. */
export async function readServerFacts(sql: Queryable): Promise<ServerFacts> {
  const [row] = await sql<ServerFacts[]>`
    select current_setting('server_version') as version,
           current_setting('server_version_num')::int as "versionNumber",
           clock_timestamp() as now,
           (select count(*)::int from pg_stat_activity where datname = current_database()) as connections,
           current_setting('max_connections')::int as "maxConnections"`;
  if (!row) throw new Error("The database gave no answer.");
  return row;
}

/** Answers when the database does. */
export async function pingDatabase(sql: Queryable): Promise<void> {
  await sql`select 1`;
}

/** How many effects processes hold that were not seen for `deadAfterMs`. They are freed by the next process that looks. */
export async function countStaleLeases(sql: Queryable, deadAfterMs: number): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count
      from outbox
     where leased_by is not null
       and not exists (
         select from worker
          where worker.id = outbox.leased_by and seen_at > clock_timestamp() - ${deadAfterMs} * interval '1 millisecond')`;
  return row?.count ?? 0;
}

/** The names of the tables that lack a partition for the month of `at` (UTC). */
export async function missingPartitions(sql: Queryable, at: Date): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select parent || '_' || to_char(${at}::timestamptz at time zone 'UTC', 'YYYY_MM') as name
      from unnest(array['event', 'event_outcome', 'trail', 'message', 'message_event']) as parent
     where to_regclass(parent || '_' || to_char(${at}::timestamptz at time zone 'UTC', 'YYYY_MM')) is null`;
  return rows.map((row) => row.name);
}
