import type { Queryable, Transaction } from "./database.ts";
import { recordset } from "./rows.ts";

/** An entry that starts by the clock: when it next does, and up to when it was looked at. */
export type ScheduleRow = { flowId: string; entry: string; workspaceId: string; nextAt: Date; seenAt: Date };

/** Keeps these schedules of a flow, and no others. One that is kept already stays as far as it was looked at. */
export async function replaceSchedules(
  sql: Transaction,
  { flowId, rows }: { flowId: string; rows: readonly ScheduleRow[] },
): Promise<void> {
  await sql`
    delete from schedule where flow_id = ${flowId} and entry <> all(${rows.map(({ entry }) => entry)}::text[])`;
  if (rows.length === 0) return;
  // One that is due and was not started yet is not lost to a publish in between.
  await sql`
    insert into schedule as s (flow_id, entry, workspace_id, next_at, seen_at)
    select "flowId", entry, "workspaceId", "nextAt", "seenAt"
      from ${recordset(sql, rows, '"flowId" uuid, entry text, "workspaceId" uuid, "nextAt" timestamptz, "seenAt" timestamptz')} as r
    on conflict (flow_id, entry) do update
       set next_at = case when s.next_at <= excluded.seen_at then s.next_at else excluded.next_at end`;
}

/** Takes schedules that are due and locks them until the transaction ends; those that another process holds are left to it. */
export async function takeDueSchedules(
  sql: Transaction,
  { now, limit }: { now: Date; limit: number },
): Promise<ScheduleRow[]> {
  return sql<ScheduleRow[]>`
    select flow_id as "flowId", entry, workspace_id as "workspaceId", next_at as "nextAt", seen_at as "seenAt"
      from schedule where next_at <= ${now} order by next_at limit ${limit} for update skip locked`;
}

/** Sets when a schedule is next due; null takes it away, for it never is again. */
export async function moveSchedule(
  sql: Transaction,
  { flowId, entry, nextAt, seenAt }: { flowId: string; entry: string; nextAt: Date | null; seenAt: Date },
): Promise<void> {
  if (nextAt === null) await sql`delete from schedule where flow_id = ${flowId} and entry = ${entry}`;
  else
    await sql`
      update schedule set next_at = ${nextAt}, seen_at = ${seenAt} where flow_id = ${flowId} and entry = ${entry}`;
}

/** The first instant at which a schedule is due, null when there is none. */
export async function nextScheduleAt(sql: Queryable): Promise<Date | null> {
  const [row] = await sql<{ at: Date }[]>`select next_at as at from schedule order by next_at limit 1`;
  return row?.at ?? null;
}
