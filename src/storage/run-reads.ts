import type { Run, RunStatus } from "../core/flow/run.ts";
import { laneOf } from "../core/id.ts";
import type { Queryable } from "./database.ts";
import { runColumns } from "./runs.ts";

export async function findRun(
  sql: Queryable,
  { workspaceId, id }: { workspaceId: string; id: string },
): Promise<Run | undefined> {
  const [row] = await sql<Run[]>`
    select ${runColumns(sql)} from run r where r.lane = ${laneOf(id)} and r.id = ${id} and r.workspace_id = ${workspaceId}`;
  return row;
}

export type RunFilter = {
  workspaceId: string;
  flowId: string | null;
  contactId: string | null;
  status: RunStatus | null;
  before: string | null;
  limit: number;
};

/** A page of the runs that fit all of the filter, newest first. */
export async function listRunRows(sql: Queryable, filter: RunFilter): Promise<Run[]> {
  const { flowId, contactId, status, before } = filter;
  return sql<Run[]>`
    select ${runColumns(sql)} from run r
     where r.workspace_id = ${filter.workspaceId}
       ${flowId === null ? sql`` : sql`and r.flow_id = ${flowId}`}
       ${contactId === null ? sql`` : sql`and r.lane = ${laneOf(contactId)} and r.contact_id = ${contactId}`}
       ${status === null ? sql`` : sql`and r.status = ${status}`}
       ${before === null ? sql`` : sql`and r.id < ${before}`}
     order by r.id desc limit ${filter.limit}`;
}
