import type { PendingQuery, Row } from "postgres";
import { laneOf } from "../core/id.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type ConversionRow = {
  lane: number;
  runId: string;
  goal: string;
  workspaceId: string;
  flowId: string;
  version: number;
  contactId: string;
  eventId: string;
  at: Date;
};

/** Remembers goals that runs have reached. One that is known already stays as it was. */
export function insertConversions(sql: Queryable, rows: readonly ConversionRow[]): PendingQuery<Row[]> {
  return sql`
    insert into conversion (lane, run_id, goal, workspace_id, flow_id, version, contact_id, event_id, at)
    select lane, "runId", goal, "workspaceId", "flowId", version, "contactId", "eventId", at
      from ${recordset(sql, rows, 'lane smallint, "runId" uuid, goal text, "workspaceId" uuid, "flowId" uuid, version integer, "contactId" uuid, "eventId" uuid, at timestamptz')} as c
    on conflict do nothing`;
}

/** The goals that these runs have reached. */
export async function loadConversions(
  sql: Queryable,
  runs: readonly { lane: number; id: string }[],
): Promise<{ runId: string; goal: string }[]> {
  return sql<{ runId: string; goal: string }[]>`
    select c.run_id as "runId", c.goal
      from ${recordset(sql, runs, "lane smallint, id uuid")} as k
     cross join lateral (
       select run_id, goal from conversion where conversion.lane = k.lane and conversion.run_id = k.id offset 0
     ) c`;
}

/** The goals of one run in the order in which it reached them. */
export async function listConversions(
  sql: Queryable,
  { workspaceId, runId }: { workspaceId: string; runId: string },
): Promise<{ goal: string; eventId: string; at: Date }[]> {
  return sql<{ goal: string; eventId: string; at: Date }[]>`
    select goal, event_id as "eventId", at from conversion
     where lane = ${laneOf(runId)} and run_id = ${runId} and workspace_id = ${workspaceId} order by at, goal`;
}
