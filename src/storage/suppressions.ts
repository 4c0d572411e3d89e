import type { PendingQuery, Row } from "postgres";
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

export type SuppressionRow = {
  workspaceId: string;
  channel: string;
  address: string;
  reason: string;
  source: string;
  createdAt: Date;
};

/** Keeps addresses from being written to. The first reason stays: those that are suppressed already are left as they are. */
export function insertSuppressions(sql: Queryable, rows: readonly SuppressionRow[]): PendingQuery<Row[]> {
  const keyOf = ({ workspaceId, channel, address }: SuppressionRow) => `${workspaceId}|${channel}|${address}`;
  // In one order, so that two writers cannot wait for each other.
  const sorted = [...rows].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  return sql`
    insert into suppression (workspace_id, channel, address, reason, source, created_at)
    select "workspaceId", channel, address, reason, source, "createdAt"
      from ${recordset(sql, sorted, '"workspaceId" uuid, channel text, address text, reason text, source text, "createdAt" timestamptz')} as s
    on conflict do nothing`;
}

export type SuppressionFilter = { workspaceId: string; channel: string; part: string | null };

/** A page of what is suppressed on a channel, by address; `part` is found anywhere in an address. */
export async function pageSuppressions(
  sql: Queryable,
  { workspaceId, channel, part, offset, limit }: SuppressionFilter & { offset: number; limit: number },
): Promise<SuppressionRow[]> {
  return sql<SuppressionRow[]>`
    select workspace_id as "workspaceId", channel, address, reason, source, created_at as "createdAt"
      from suppression
     where workspace_id = ${workspaceId} and channel = ${channel} and (${part}::text is null or strpos(address, ${part}::text) > 0)
     order by address offset ${offset} limit ${limit}`;
}

/** How many addresses are suppressed on a channel. */
export async function countSuppressions(
  sql: Queryable,
  { workspaceId, channel, part }: SuppressionFilter,
): Promise<number> {
  const [row] = await sql<[{ count: number }]>`
    select count(*) as count from suppression
     where workspace_id = ${workspaceId} and channel = ${channel} and (${part}::text is null or strpos(address, ${part}::text) > 0)`;
  return row.count;
}

/** Lets an address be written to again. False when nothing kept it from it. */
export async function deleteSuppression(
  sql: Queryable,
  { workspaceId, channel, address }: Pick<SuppressionRow, "workspaceId" | "channel" | "address">,
): Promise<boolean> {
  const rows = await sql`
    delete from suppression where workspace_id = ${workspaceId} and channel = ${channel} and address = ${address}`;
  return rows.count > 0;
}
