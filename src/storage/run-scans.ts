import type { Run, RunStatus } from "../core/flow/run.ts";
import type { Queryable } from "./database.ts";
import { runColumns } from "./runs.ts";

export type RunScanFilter = {
  workspaceId: string;
  flowId: string;
  version: number | null;
  step: string | null;
  status: RunStatus | null;
  enteredAfter: Date | null;
  enteredBefore: Date | null;
};

/** Part of the runs of a lane: the live ones contact by contact, or all of them by id, `limit` looked at; `after` is where the part before ended. */
export type RunScan = { lane: number; isLive: boolean; after: string | null; limit: number };

/**
 * The runs in the next part of a lane that fit the filter, and where the part ends (null: at the end of the lane). A flow has no index
 * over its live runs, which every step of every run would pay for: jobs go through the lane.
 */
export async function scanRuns(
  sql: Queryable,
  filter: RunScanFilter,
  scan: RunScan,
): Promise<{ runs: Run[]; end: string | null }> {
  const end = await endOf(sql, scan);
  const runs = await sql<Run[]>`
    select ${runColumns(sql)} from run r
     where r.lane = ${scan.lane} ${partOf(sql, scan, end)}
       and r.workspace_id = ${filter.workspaceId} and r.flow_id = ${filter.flowId}
       ${filter.version === null ? sql`` : sql`and r.version = ${filter.version}`}
       ${filter.step === null ? sql`` : sql`and r.step = ${filter.step}`}
       ${filter.status === null ? sql`` : sql`and r.status = ${filter.status}`}
       ${filter.enteredAfter === null ? sql`` : sql`and r.entered_at >= ${filter.enteredAfter}`}
       ${filter.enteredBefore === null ? sql`` : sql`and r.entered_at < ${filter.enteredBefore}`}
     order by r.id`;
  return { runs, end };
}

async function endOf(sql: Queryable, scan: RunScan): Promise<string | null> {
  const column = sql.unsafe(scan.isLive ? "contact_id" : "id");
  const [row] = await sql<{ end: string }[]>`
    select r.${column} as end from run r
     where r.lane = ${scan.lane} ${partOf(sql, scan, null)}
     order by r.${column} offset ${scan.limit - 1} limit 1`;
  return row?.end ?? null;
}

function partOf(sql: Queryable, { isLive, after }: RunScan, end: string | null) {
  const column = sql.unsafe(isLive ? "contact_id" : "id");
  return sql`
    ${isLive ? sql`and r.ended_at is null` : sql``}
    ${after === null ? sql`` : sql`and r.${column} > ${after}::uuid`}
    ${end === null ? sql`` : sql`and r.${column} <= ${end}::uuid`}`;
}
