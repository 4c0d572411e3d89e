import { ensureApiKeyRow } from "../storage/api-keys.ts";
import type { Queryable, Sql } from "../storage/database.ts";
import { holdName } from "../storage/nested-transaction.ts";
import { insertWorkspace, listWorkspaces } from "../storage/workspaces.ts";
import { hashKey, hintOf } from "./api-keys.ts";
import { newId } from "./new-id.ts";
import { scopes } from "./platform.ts";

/** The id of the first workspace, which is made when there is none. Safe when several processes start at once. */
export async function ensureWorkspace(sql: Sql, now: Date): Promise<string> {
  return sql.begin(async (transaction) => {
    await holdName(transaction, "first workspace");
    const [first] = await listWorkspaces(transaction);
    if (first) return first.id;
    const id = newId();
    await insertWorkspace(transaction, { id, name: "Default", timeZone: "UTC", now });
    return id;
  });
}

/** Sees to it that a given key exists with all scopes. One that was revoked stays so. */
export async function ensureApiKey(
  sql: Queryable,
  { key, workspaceId, now }: { key: string; workspaceId: string; now: Date },
): Promise<void> {
  const row = {
    id: newId(),
    workspaceId,
    name: "STAFFETTA_API_KEY",
    hint: hintOf(key),
    scopes: [...scopes],
    createdAt: now,
  };
  await ensureApiKeyRow(sql, { ...row, hash: hashKey(key) });
}
