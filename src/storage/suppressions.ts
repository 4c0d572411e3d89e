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

export type SuppressionFilter = {
  workspaceId: string;
  channel: string;
  /** Only those with this reason, or only those with any other. */
  reason?: { is: string } | { isNot: string } | undefined;
  addresses?: readonly string[] | undefined;
  /** Found anywhere in an address. */
  part?: string | undefined;
};

/** Addresses that are not written to, the newest first. */
export async function pageSuppressions(
  sql: Queryable,
  { limit, offset, ...filter }: SuppressionFilter & { limit: number; offset: number },
): Promise<Omit<SuppressionRow, "workspaceId" | "channel">[]> {
  return sql<Omit<SuppressionRow, "workspaceId" | "channel">[]>`
    select address, reason, source, created_at as "createdAt"
      from suppression where ${fitting(sql, filter)}
     order by created_at desc, address limit ${limit} offset ${offset}`;
}

/** How many addresses are not written to. */
export async function countSuppressions(sql: Queryable, filter: SuppressionFilter): Promise<number> {
  const [row] = await sql<[{ count: number }]>`
    select count(*) as count from suppression where ${fitting(sql, filter)}`;
  return row.count;
}

/** Lets addresses be written to again. Returns those that were suppressed. */
export async function removeSuppressions(
  sql: Queryable,
  filter: SuppressionFilter & { addresses: readonly string[] },
): Promise<string[]> {
  const rows = await sql<{ address: string }[]>`
    delete from suppression where ${fitting(sql, filter)} returning address`;
  return rows.map(({ address }) => address);
}

function fitting(sql: Queryable, { workspaceId, channel, reason, addresses, part }: SuppressionFilter) {
  const byReason = reason && ("is" in reason ? sql`and reason = ${reason.is}` : sql`and reason <> ${reason.isNot}`);
  return sql`workspace_id = ${workspaceId} and channel = ${channel} ${byReason ?? sql``}
     ${addresses === undefined ? sql`` : sql`and address = any(${[...addresses]}::text[])`}
     ${part === undefined ? sql`` : sql`and strpos(address, ${part}::text) > 0`}`;
}
