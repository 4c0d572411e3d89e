import type { Sql } from "./database.ts";

/** Runs of a flow at one step: `hour` counts hours from now; null: they are overdue. */
export type DueCount = { version: number; step: string; hour: number | null; count: number };

type DueQuery = { flowId: string; now: Date; hours: number };

/**
 * Counts the runs of a flow in one lane that are due by then, by step and hour. By the index of what is due, so it reads what falls due in
 * these hours and no more. Rejects (57014) when it takes longer than `timeoutMs`.
 */
export async function countDue(
  sql: Sql,
  { lane, flowId, now, hours, timeoutMs }: DueQuery & { lane: number; timeoutMs: number },
): Promise<DueCount[]> {
  return sql.begin(async (transaction) => {
    await transaction`select set_config('statement_timeout', ${String(Math.max(1, Math.ceil(timeoutMs)))}, true)`;
    return transaction<DueCount[]>`
      select version, step, hour, count(*)::int as count
        from (
          select version, step, null::int as hour from run
           where lane = ${lane} and flow_id = ${flowId} and parked_wake_at is not null
          union all
          select version, step,
                 case when wake_at > ${now} then floor(extract(epoch from wake_at - ${now}::timestamptz) / 3600)::int end
            from run
           where lane = ${lane} and wake_at < ${now}::timestamptz + ${hours} * interval '1 hour' and flow_id = ${flowId}
        ) due
       where step is not null
       group by version, step, hour`;
  });
}
