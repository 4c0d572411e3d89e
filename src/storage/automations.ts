import type { Queryable } from "./database.ts";
import type { FlowStatus } from "./flows.ts";

/** A flow as lists by number show it. */
export type AutomationRow = {
  id: string;
  number: number;
  name: string;
  status: FlowStatus;
  createdAt: Date;
  updatedAt: Date;
};

/** Flows by their numbers. */
export async function pageFlowsByNumber(
  sql: Queryable,
  { workspaceId, limit, offset }: { workspaceId: string; limit: number; offset: number },
): Promise<AutomationRow[]> {
  return sql<AutomationRow[]>`
    select id, number, name, status, created_at as "createdAt", updated_at as "updatedAt"
      from flow where workspace_id = ${workspaceId} order by number limit ${limit} offset ${offset}`;
}

/** A goal that a run reached, and who it was. */
export type FlowConversion = {
  goal: string;
  at: Date;
  startedAt: Date | null;
  email: string | null;
  phone: string | null;
};

/** The goals that runs of a flow have reached, the newest first. */
export async function pageFlowConversions(
  sql: Queryable,
  filter: { workspaceId: string; flowId: string; limit: number; offset: number },
): Promise<FlowConversion[]> {
  return sql<FlowConversion[]>`
    select c.goal, c.at, r.started_at as "startedAt", p.email, p.phone
      from (
        select lane, run_id, goal, contact_id, at from conversion
         where flow_id = ${filter.flowId} and workspace_id = ${filter.workspaceId}
         order by at desc, run_id, goal limit ${filter.limit} offset ${filter.offset}
      ) c
      left join run r on r.lane = c.lane and r.id = c.run_id
      left join contact p on p.lane = c.lane and p.id = c.contact_id
     order by c.at desc, c.run_id, c.goal`;
}
