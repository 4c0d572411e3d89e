import type { PendingQuery, Row } from "postgres";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type CounterRow = {
  lane: number;
  workspaceId: string;
  subject: string;
  version: number;
  name: string;
  by: number;
};

/** The lane of counts that no pass makes: passes, which count under lanes that they hold, must not wait for others. */
export const outsideOfLanes = -1;

/** Adds to roll-ups. `lane` is one that the caller holds, so that no two writers meet on a row. */
export function addCounts(sql: Queryable, counts: readonly CounterRow[]): PendingQuery<Row[]> {
  return sql`
    insert into counter as c (lane, workspace_id, subject, version, name, value)
    select lane, "workspaceId", subject, version, name, by
      from ${recordset(sql, counts, 'lane smallint, "workspaceId" uuid, subject uuid, version integer, name text, by bigint')} as k
     order by 1, 2, 3, 4, 5
    on conflict (lane, workspace_id, subject, version, name) do update set value = c.value + excluded.value`;
}

/** The roll-ups of a subject, such as a flow, summed over the lanes. */
export async function readCounts(sql: Queryable, { workspaceId, subject }: { workspaceId: string; subject: string }) {
  return sql<{ version: number; name: string; value: number }[]>`
    select version, name, sum(value)::bigint as value
      from counter where workspace_id = ${workspaceId} and subject = ${subject}
     group by version, name order by version, name`;
}
