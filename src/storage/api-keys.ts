import type { Queryable } from "./database.ts";

export type ApiKeyRow = {
  id: string;
  workspaceId: string;
  name: string;
  hint: string;
  scopes: string[];
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
};

function keyColumns(sql: Queryable) {
  return sql`id, workspace_id as "workspaceId", name, hint, scopes, created_at as "createdAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`;
}

/** Stores a key by its SHA-256 hash. A key that is there already is left as it is. */
export async function insertApiKey(
  sql: Queryable,
  key: Omit<ApiKeyRow, "lastUsedAt" | "revokedAt"> & { hash: Uint8Array },
): Promise<void> {
  await sql`
    insert into api_key (id, workspace_id, name, hash, hint, scopes, created_at)
    values (${key.id}, ${key.workspaceId}, ${key.name}, ${Buffer.from(key.hash)}, ${key.hint}, ${key.scopes}, ${key.createdAt})
    on conflict (hash) do nothing`;
}

/** The key with this hash, revoked or not. */
export async function findApiKeyByHash(sql: Queryable, hash: Uint8Array): Promise<ApiKeyRow | undefined> {
  const [row] = await sql<ApiKeyRow[]>`select ${keyColumns(sql)} from api_key where hash = ${Buffer.from(hash)}`;
  return row;
}

/** The key with this id, revoked or not. */
export async function findApiKeyById(sql: Queryable, id: string): Promise<ApiKeyRow | undefined> {
  const [row] = await sql<ApiKeyRow[]>`select ${keyColumns(sql)} from api_key where id = ${id}`;
  return row;
}

/** The key whose session key has this hash, revoked or not. */
export async function findApiKeyBySession(sql: Queryable, hash: Uint8Array): Promise<ApiKeyRow | undefined> {
  const [row] = await sql<
    ApiKeyRow[]
  >`select ${keyColumns(sql)} from api_key where authkey_hash = ${Buffer.from(hash)}`;
  return row;
}

/** Lets a key be found by the hash of its session key from now on. */
export async function setSessionHash(sql: Queryable, { id, hash }: { id: string; hash: Uint8Array }): Promise<void> {
  await sql`update api_key set authkey_hash = ${Buffer.from(hash)} where id = ${id} and authkey_hash is null`;
}

export async function listApiKeys(sql: Queryable, workspaceId: string): Promise<ApiKeyRow[]> {
  return sql<ApiKeyRow[]>`select ${keyColumns(sql)} from api_key where workspace_id = ${workspaceId} order by id`;
}

/** True when there was such a key. A key stays revoked from the first time on. */
export async function revokeApiKey(
  sql: Queryable,
  { workspaceId, id, now }: { workspaceId: string; id: string; now: Date },
): Promise<boolean> {
  const rows = await sql`
    update api_key set revoked_at = coalesce(revoked_at, ${now}) where workspace_id = ${workspaceId} and id = ${id}`;
  return rows.count > 0;
}

/** Notes when keys were last used. Called now and then, not on every request. */
export async function touchApiKeys(sql: Queryable, ids: readonly string[], now: Date): Promise<void> {
  await sql`update api_key set last_used_at = ${now} where id = any(${[...ids]}::uuid[])`;
}

/** The same as `insertApiKey`, but a key that is there gets the scopes given. */
export async function ensureApiKeyRow(sql: Queryable, key: Parameters<typeof insertApiKey>[1]): Promise<void> {
  await insertApiKey(sql, key);
  await sql`update api_key set scopes = ${key.scopes} where hash = ${Buffer.from(key.hash)} and scopes <> ${key.scopes}`;
}
