import type { Queryable } from "./database.ts";

export type SealedSecret = { name: string; sealed: Uint8Array };

export async function saveSecret(
  sql: Queryable,
  secret: { workspaceId: string; name: string; sealed: Uint8Array; now: Date },
): Promise<void> {
  await sql`
    insert into secret (workspace_id, name, sealed, updated_at)
    values (${secret.workspaceId}, ${secret.name}, ${Buffer.from(secret.sealed)}, ${secret.now})
    on conflict (workspace_id, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at`;
}

export async function loadSecrets(sql: Queryable, workspaceId: string): Promise<SealedSecret[]> {
  return sql<SealedSecret[]>`select name, sealed from secret where workspace_id = ${workspaceId} order by name`;
}

/** The names of a workspace's secrets; their values leave the database only to be used. */
export async function listSecretNames(sql: Queryable, workspaceId: string) {
  return sql<{ name: string; updatedAt: Date }[]>`
    select name, updated_at as "updatedAt" from secret where workspace_id = ${workspaceId} order by name`;
}

/** True when there was such a secret. */
export async function removeSecret(
  sql: Queryable,
  { workspaceId, name }: { workspaceId: string; name: string },
): Promise<boolean> {
  const rows = await sql`delete from secret where workspace_id = ${workspaceId} and name = ${name}`;
  return rows.count > 0;
}
