import type { Queryable } from "./database.ts";
import { rowsOf } from "./rows.ts";

/** Those of these addresses that must not be written to, with the reason. */
export async function findSuppressed(
  sql: Queryable,
  channel: string,
  addresses: readonly { workspaceId: string; address: string }[],
) {
  return sql<{ workspaceId: string; address: string; reason: string }[]>`
    select s.workspace_id as "workspaceId", s.address, s.reason
      from json_to_recordset(${rowsOf(addresses)}::text::json) as k("workspaceId" uuid, address text)
      join suppression s on s.workspace_id = k."workspaceId" and s.channel = ${channel} and s.address = k.address`;
}
