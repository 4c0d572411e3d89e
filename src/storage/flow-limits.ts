import type { Queryable, Transaction } from "./database.ts";
import { recordset } from "./rows.ts";

/** The instant up to which the starts of a flow are spent, by its rate. Locked until the transaction ends. */
export async function lockPace(sql: Transaction, { flowId, now }: { flowId: string; now: Date }): Promise<Date> {
  const [row] = await sql<[{ nextAt: Date }]>`
    insert into flow_pace as p (flow_id, next_at) values (${flowId}, ${now})
    on conflict (flow_id) do update set next_at = p.next_at
    returning next_at as "nextAt"`;
  return row.nextAt;
}

export async function setPace(sql: Transaction, { flowId, nextAt }: { flowId: string; nextAt: Date }): Promise<void> {
  await sql`update flow_pace set next_at = ${nextAt} where flow_id = ${flowId}`;
}

/** A day of a workspace (YYYY-MM-DD), counted for a flow. */
export type FlowDay = { flowId: string; workspaceId: string; day: string };

/** How many have come into these flows on these days, by flow. Nobody else counts them until the transaction ends. */
export async function lockFlowDays(sql: Transaction, days: readonly FlowDay[]): Promise<Map<string, number>> {
  // In one order, so that two passes cannot wait for each other.
  const sorted = [...days].sort((one, other) => (one.flowId < other.flowId ? -1 : 1));
  const rows = await sql<{ flowId: string; started: number }[]>`
    insert into flow_day as d (flow_id, day, workspace_id)
    select "flowId", day, "workspaceId" from ${recordset(sql, sorted, '"flowId" uuid, day date, "workspaceId" uuid')} as r
    on conflict (flow_id, day) do update set started = d.started
    returning flow_id as "flowId", started`;
  return new Map(rows.map(({ flowId, started }) => [flowId, started]));
}

/** Counts who came in. The caller holds the days. */
export async function countFlowDays(
  sql: Queryable,
  counts: readonly (Pick<FlowDay, "flowId" | "day"> & { by: number })[],
): Promise<void> {
  await sql`
    update flow_day d set started = d.started + r.by
      from ${recordset(sql, counts, '"flowId" uuid, day date, by integer')} as r
     where d.flow_id = r."flowId" and d.day = r.day`;
}
