import type { Sql } from "../storage/database.ts";

/** Resolves when so many transactions of the database wait for a lock. */
export async function untilWaiting(sql: Sql, count: number): Promise<void> {
  for (;;) {
    const [row] = await sql`
      select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    if (row?.["count"] >= count) return;
  }
}
