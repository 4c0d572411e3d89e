import type { Json } from "../core/json.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type IdempotencyKey = { workspaceId: string; operation: string; key: string };
export type KeptAnswer = IdempotencyKey & { requestHash: string; status: number; response: Json };

/** The answers kept under these keys. Hashes are hex text. */
export async function findAnswers(sql: Queryable, keys: readonly IdempotencyKey[]): Promise<KeptAnswer[]> {
  return sql<KeptAnswer[]>`
    select i.workspace_id as "workspaceId", i.operation, i.key, encode(i.request_hash, 'hex') as "requestHash", i.status, i.response
      from ${recordset(sql, keys, '"workspaceId" uuid, operation text, key text')} as k
      join idempotency i on i.workspace_id = k."workspaceId" and i.operation = k.operation and i.key = k.key`;
}

/**
 * Keeps answers in the transaction that did the work. Returns how many were kept: fewer than given means that another request
 * with the same key was faster, and that this transaction has to be rolled back.
 */
export async function keepAnswers(sql: Queryable, answers: readonly KeptAnswer[], now: Date): Promise<number> {
  const rows = await sql`
    insert into idempotency (workspace_id, operation, key, request_hash, status, response, created_at)
    select "workspaceId", operation, key, decode("requestHash", 'hex'), status, response, ${now}
      from ${recordset(sql, answers, '"workspaceId" uuid, operation text, key text, "requestHash" text, status integer, response jsonb')} as k
     order by 1, 2, 3
    on conflict do nothing`;
  return rows.count;
}

/** Forgets answers older than `before`. */
export async function removeOldAnswers(sql: Queryable, before: Date): Promise<void> {
  await sql`delete from idempotency where created_at < ${before}`;
}
