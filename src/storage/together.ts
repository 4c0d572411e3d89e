import type { PendingQuery, Row } from "postgres";
import type { Queryable } from "./database.ts";

/**
 * Runs writes as one statement: one round trip, one message each way. All see the tables as they were before it, so no two may touch
 * the same row; and PostgreSQL leaves open in which order they run, so none may lock rows that other transactions lock too.
 */
export async function writeTogether(sql: Queryable, writes: readonly PendingQuery<Row[]>[]): Promise<void> {
  const [first, ...others] = writes;
  if (!first) return;
  if (others.length === 0) await first;
  else
    await sql`with ${others.reduce((all, write, index) => sql`${all}, ${part(sql, write, index + 1)}`, part(sql, first, 0))} select`;
}

function part(sql: Queryable, write: PendingQuery<Row[]>, index: number): PendingQuery<Row[]> {
  return sql`${sql.unsafe(`write_${index}`)} as (${write})`;
}
