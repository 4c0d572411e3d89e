import type { Queryable } from "./database.ts";

export type IncomingCallRow = { token: string; workspaceId: string; flowId: string; entry: string };

/** Makes the addresses of entries that have none yet; those that have one keep it. */
export async function ensureIncomingCalls(sql: Queryable, calls: readonly IncomingCallRow[], now: Date): Promise<void> {
  for (const call of calls) {
    await sql`
      insert into incoming_call (token, workspace_id, flow_id, entry, created_at)
      values (${call.token}, ${call.workspaceId}, ${call.flowId}, ${call.entry}, ${now})
      on conflict (flow_id, entry) do nothing`;
  }
}

/** The addresses of a flow's entries. */
export async function listIncomingCalls(
  sql: Queryable,
  { workspaceId, flowId }: { workspaceId: string; flowId: string },
) {
  return sql<{ token: string; entry: string }[]>`
    select token, entry from incoming_call where workspace_id = ${workspaceId} and flow_id = ${flowId} order by entry`;
}

export type CallAddress = IncomingCallRow & { number: number; version: number | null };

/** The entry at an address, with the number and the published version of its flow. */
export async function findCallAddress(sql: Queryable, token: string): Promise<CallAddress | undefined> {
  const [row] = await sql<CallAddress[]>`
    select c.token, c.workspace_id as "workspaceId", c.flow_id as "flowId", c.entry, f.number, f.version
      from incoming_call c join flow f on f.id = c.flow_id where c.token = ${token}`;
  return row;
}
