import type { FlowDefinition } from "../core/flow/definition.ts";
import type { Json } from "../core/json.ts";
import type { Queryable } from "./database.ts";
import { jsonOf, recordset } from "./rows.ts";

export const flowStatuses = ["draft", "active", "paused", "archived"] as const;
export type FlowStatus = (typeof flowStatuses)[number];

export type FlowRow = {
  id: string;
  workspaceId: string;
  number: number;
  name: string;
  status: FlowStatus;
  draft: Json;
  version: number | null;
  /** Paused, and its live runs stand still. */
  isHeld: boolean;
  /** Resumed: what was due by then waits until a job has dealt with it. */
  heldBefore: Date | null;
  createdAt: Date;
  updatedAt: Date;
};

function flowColumns(sql: Queryable) {
  return sql`id, workspace_id as "workspaceId", number, name, status, draft, version, is_held as "isHeld", held_before as "heldBefore", created_at as "createdAt", updated_at as "updatedAt"`;
}

export async function insertFlow(
  sql: Queryable,
  flow: { id: string; workspaceId: string; name: string; draft: Json; now: Date },
): Promise<FlowRow> {
  const [row] = await sql<[FlowRow]>`
    insert into flow (id, workspace_id, name, status, draft, created_at, updated_at)
    values (${flow.id}, ${flow.workspaceId}, ${flow.name}, 'draft', ${jsonOf(flow.draft)}::text::jsonb, ${flow.now}, ${flow.now})
    returning ${flowColumns(sql)}`;
  return row;
}

export async function findFlow(
  sql: Queryable,
  { workspaceId, id }: { workspaceId: string; id: string },
): Promise<FlowRow | undefined> {
  const [row] = await sql<
    FlowRow[]
  >`select ${flowColumns(sql)} from flow where workspace_id = ${workspaceId} and id = ${id}`;
  return row;
}

export async function findFlowByNumber(
  sql: Queryable,
  { workspaceId, number }: { workspaceId: string; number: number },
): Promise<FlowRow | undefined> {
  const [row] = await sql<
    FlowRow[]
  >`select ${flowColumns(sql)} from flow where workspace_id = ${workspaceId} and number = ${number}`;
  return row;
}

/** Locks a flow against other changes until the transaction ends. */
export async function lockFlow(
  sql: Queryable,
  { workspaceId, id }: { workspaceId: string; id: string },
): Promise<FlowRow | undefined> {
  const [row] = await sql<
    FlowRow[]
  >`select ${flowColumns(sql)} from flow where workspace_id = ${workspaceId} and id = ${id} for update`;
  return row;
}

/** A page of flows, newest first; `before` is the id of the last one seen. */
export async function listFlows(
  sql: Queryable,
  page: { workspaceId: string; status: FlowStatus | null; before: string | null; limit: number },
): Promise<FlowRow[]> {
  return sql<FlowRow[]>`
    select ${flowColumns(sql)} from flow
     where workspace_id = ${page.workspaceId}
       and (${page.status}::text is null or status = ${page.status})
       and (${page.before}::uuid is null or id < ${page.before}::uuid)
     order by id desc limit ${page.limit}`;
}

export async function updateDraft(
  sql: Queryable,
  flow: { id: string; name: string; draft: Json; now: Date },
): Promise<void> {
  await sql`update flow set name = ${flow.name}, draft = ${jsonOf(flow.draft)}::text::jsonb, updated_at = ${flow.now} where id = ${flow.id}`;
}

export async function setFlowState(
  sql: Queryable,
  flow: { id: string; status: FlowStatus; version: number | null; now: Date },
): Promise<void> {
  await sql`
    update flow set status = ${flow.status}, version = coalesce(${flow.version}, version), updated_at = ${flow.now} where id = ${flow.id}`;
}

export type FlowVersionRow = {
  flowId: string;
  version: number;
  workspaceId: string;
  definition: FlowDefinition;
  publishedAt: Date;
  publishedBy: string | null;
};

/** The names of the events that can matter to a live run of the version, and of those that are goals of its runs, live or ended. */
export type HeardNames = { heardByRuns: readonly string[]; goalEvents: readonly string[] };

export async function insertFlowVersion(sql: Queryable, row: FlowVersionRow & HeardNames): Promise<void> {
  await sql`
    insert into flow_version (flow_id, version, workspace_id, definition, published_at, published_by, heard_by_runs, goal_events)
    values (${row.flowId}, ${row.version}, ${row.workspaceId}, ${jsonOf(row.definition)}::text::jsonb, ${row.publishedAt}, ${row.publishedBy},
            ${[...row.heardByRuns]}, ${[...row.goalEvents]})`;
}

/** The versions of a flow, newest first. */
export async function listFlowVersions(
  sql: Queryable,
  { workspaceId, flowId }: { workspaceId: string; flowId: string },
): Promise<FlowVersionRow[]> {
  return sql<FlowVersionRow[]>`
    select flow_id as "flowId", version, workspace_id as "workspaceId", definition, published_at as "publishedAt", published_by as "publishedBy"
      from flow_version where workspace_id = ${workspaceId} and flow_id = ${flowId} order by version desc`;
}

/** Versions by flow id and number, each with the present state of its flow. */
export async function loadFlowVersions(sql: Queryable, keys: readonly { flowId: string; version: number }[]) {
  return sql<
    {
      flowId: string;
      number: number;
      version: number;
      workspaceId: string;
      definition: FlowDefinition;
      status: FlowStatus;
    }[]
  >`
    select v.flow_id as "flowId", f.number, v.version, v.workspace_id as "workspaceId", v.definition, f.status
      from ${recordset(sql, keys, '"flowId" uuid, version integer')} as k
      join flow_version v on v.flow_id = k."flowId" and v.version = k.version
      join flow f on f.id = v.flow_id`;
}

/** The current versions of the flows of a workspace that were published and are not archived. */
export async function loadCurrentVersions(sql: Queryable, workspaceId: string) {
  return sql<
    {
      flowId: string;
      number: number;
      version: number;
      workspaceId: string;
      definition: FlowDefinition;
      status: FlowStatus;
    }[]
  >`
    select v.flow_id as "flowId", f.number, v.version, v.workspace_id as "workspaceId", v.definition, f.status
      from flow f join flow_version v on v.flow_id = f.id and v.version = f.version
     where f.workspace_id = ${workspaceId} and f.status in ('active', 'paused') order by f.id`;
}

/** The events that can matter to live runs of some version of the flows of a workspace: runs of old versions still wait for them. */
export async function loadHeardEvents(sql: Queryable, workspaceId: string): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select distinct unnest(heard_by_runs) as name from flow_version where workspace_id = ${workspaceId}`;
  return rows.map(({ name }) => name);
}

/** The events that are goals of some version of the flows of a workspace: runs of old versions still count. */
export async function loadGoalEvents(sql: Queryable, workspaceId: string): Promise<{ name: string; flowId: string }[]> {
  return sql<{ name: string; flowId: string }[]>`
    select distinct flow_id as "flowId", unnest(goal_events) as name from flow_version where workspace_id = ${workspaceId}`;
}
