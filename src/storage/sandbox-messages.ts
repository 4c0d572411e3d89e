import type { PendingQuery, Row } from "postgres";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type SandboxMessageRow = {
  workspaceId: string;
  id: string;
  fromAddress: string;
  toAddress: string;
  subject: string;
  raw: Uint8Array;
  receivedAt: Date;
};

/** Keeps mails that went to the sandbox instead of the world. A second copy of a message is not kept twice. */
export function insertSandboxMessages(sql: Queryable, rows: readonly SandboxMessageRow[]): PendingQuery<Row[]> {
  const encoded = rows.map((row) => ({ ...row, raw: Buffer.from(row.raw).toString("base64") }));
  return sql`
    insert into sandbox_message (workspace_id, id, from_address, to_address, subject, raw, received_at)
    select "workspaceId", id, "fromAddress", "toAddress", subject, decode(raw, 'base64'), "receivedAt"
      from ${recordset(sql, encoded, '"workspaceId" uuid, id uuid, "fromAddress" text, "toAddress" text, subject text, raw text, "receivedAt" timestamptz')} as m
    on conflict do nothing`;
}

/** A page of the sandbox inbox, newest first, without the bodies. */
export async function listSandboxMessages(
  sql: Queryable,
  page: { workspaceId: string; to: string | null; before: string | null; limit: number },
) {
  return sql<Omit<SandboxMessageRow, "raw" | "workspaceId">[]>`
    select id, from_address as "fromAddress", to_address as "toAddress", subject, received_at as "receivedAt"
      from sandbox_message
     where workspace_id = ${page.workspaceId}
       and (${page.to}::text is null or to_address = ${page.to})
       and (${page.before}::uuid is null or id < ${page.before}::uuid)
     order by id desc limit ${page.limit}`;
}

export async function findSandboxMessage(
  sql: Queryable,
  { workspaceId, id }: { workspaceId: string; id: string },
): Promise<SandboxMessageRow | undefined> {
  const [row] = await sql<SandboxMessageRow[]>`
    select workspace_id as "workspaceId", id, from_address as "fromAddress", to_address as "toAddress", subject, raw, received_at as "receivedAt"
      from sandbox_message where workspace_id = ${workspaceId} and id = ${id}`;
  return row;
}

export async function clearSandbox(sql: Queryable, workspaceId: string): Promise<number> {
  const rows = await sql`delete from sandbox_message where workspace_id = ${workspaceId}`;
  return rows.count;
}
