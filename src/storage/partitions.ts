import type { Queryable } from "./database.ts";

/** Makes the monthly partitions from the month of `now` to two months ahead. Safe to call at any time, from any process. */
export async function ensurePartitions(sql: Queryable, now: Date): Promise<void> {
  await sql`select ensure_partitions(${now}::timestamptz - interval '1 month', ${now}::timestamptz + interval '2 months')`;
}
