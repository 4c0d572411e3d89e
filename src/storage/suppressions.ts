import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

/** Those of these addresses that must not be written to, with the reason. */
export async function findSuppressed(
  sql: Queryable,
  channel: string,
  addresses: readonly { workspaceId: string; address: string }[],
) {
  return sql<{ workspaceId: string; address: string; reason: string }[]>`
    select s.workspace_id as "workspaceId", s.address, s.reason
      from ${recordset(sql, addresses, '"workspaceId" uuid, address text')} as k
      join suppression s on s.workspace_id = k."workspaceId" and s.channel = ${channel} and s.address = k.address`;
}
