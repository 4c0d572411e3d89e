import type { Queryable } from "./database.ts";
import type { FlowVersionRow } from "./flows.ts";

/** Those of `ids` that are flows of the workspace. */
export async function findFlowIds(
  sql: Queryable,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
): Promise<string[]> {
  const rows = await sql<
    { id: string }[]
  >`select id from flow where workspace_id = ${workspaceId} and id = any(${[...ids]}::uuid[])`;
  return rows.map(({ id }) => id);
}

/** Takes away a flow that was never published. */
export async function removeFlow(sql: Queryable, id: string): Promise<void> {
  await sql`delete from flow where id = ${id} and version is null`;
}

/** One version of a flow. */
export async function findFlowVersion(
  sql: Queryable,
  { flowId, version }: { flowId: string; version: number },
): Promise<FlowVersionRow | undefined> {
  const [row] = await sql<FlowVersionRow[]>`
    select flow_id as "flowId", version, workspace_id as "workspaceId", definition, published_at as "publishedAt", published_by as "publishedBy"
      from flow_version where flow_id = ${flowId} and version = ${version}`;
  return row;
}
