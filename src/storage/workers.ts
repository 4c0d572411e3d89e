import type { Queryable } from "./database.ts";

/** Says that a process lives, by the clock of the database. Its leases hold as long as it keeps saying so. */
export async function seeWorker(
  sql: Queryable,
  { id, roles }: { id: string; roles: readonly string[] },
): Promise<void> {
  await sql`
    insert into worker (id, roles, started_at, seen_at) values (${id}, ${[...roles]}, clock_timestamp(), clock_timestamp())
    on conflict (id) do update set seen_at = excluded.seen_at`;
}

/** Forgets a process that stops. */
export async function removeWorker(sql: Queryable, id: string): Promise<void> {
  await sql`delete from worker where id = ${id}`;
}

/** Forgets processes not seen for `deadAfterMs`; 0 forgets all, for a database that only the calling process can reach. */
export async function removeDeadWorkers(sql: Queryable, deadAfterMs: number): Promise<void> {
  await sql`delete from worker where seen_at <= clock_timestamp() - ${deadAfterMs} * interval '1 millisecond'`;
}

/** The number of processes seen within the last `aliveMs`. */
export async function countWorkers(sql: Queryable, aliveMs: number): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from worker where seen_at > clock_timestamp() - ${aliveMs} * interval '1 millisecond'`;
  return row?.count ?? 0;
}
