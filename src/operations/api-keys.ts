import { createHash, randomBytes } from "node:crypto";
import { isStorableText } from "../core/condition/storable-text.ts";
import { AppError } from "../core/errors.ts";
import {
  type ApiKeyRow,
  insertApiKey,
  listApiKeys as listKeyRows,
  revokeApiKey as revokeKeyRow,
} from "../storage/api-keys.ts";
import type { Queryable } from "../storage/database.ts";
import { newId } from "./new-id.ts";
import { type Caller, type Platform, requireScope, type Scope, scopes } from "./platform.ts";
import { knownId } from "./read-filter.ts";

/** A key as it is shown after it was made: `hint` is its beginning. */
export type ApiKeyView = Omit<ApiKeyRow, "workspaceId">;
export type NewApiKey = ApiKeyView & { key: string };

/** Makes a key. The key itself is in this answer and nowhere else: only its hash is kept. Nobody can give scopes that they lack. */
export async function createApiKey(
  platform: Platform,
  caller: Caller,
  input: { name: string; scopes: readonly string[] },
): Promise<NewApiKey> {
  requireScope(caller, "keys:write");
  const name = input.name.trim();
  const issues = [];
  if (name === "" || name.length > 200 || !isStorableText(name))
    issues.push({ path: "name", message: "must have 1 to 200 characters, none of them U+0000" });
  if (input.scopes.length === 0) issues.push({ path: "scopes", message: "must name at least one scope" });
  input.scopes.forEach((scope, index) => {
    if (!(scopes as readonly string[]).includes(scope))
      issues.push({ path: `scopes[${index}]`, message: `is no scope; there are ${scopes.join(", ")}` });
  });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  for (const scope of input.scopes) requireScope(caller, scope as Scope);
  return makeApiKey(platform.sql, {
    workspaceId: caller.workspaceId,
    name,
    scopes: [...new Set(input.scopes)] as Scope[],
    now: platform.now(),
  });
}

/** The keys of the workspace, revoked ones too, oldest first. */
export async function listApiKeys(
  platform: Platform,
  caller: Caller,
): Promise<{ data: ApiKeyView[]; nextCursor: null }> {
  requireScope(caller, "keys:write");
  const rows = await listKeyRows(platform.sql, caller.workspaceId);
  return { data: rows.map(({ workspaceId: _, ...view }) => view), nextCursor: null };
}

/** Makes a key useless, everywhere within five seconds. Twice does no harm. */
export async function revokeApiKey(
  platform: Platform,
  caller: Caller,
  { id }: { id: string },
): Promise<{ id: string }> {
  requireScope(caller, "keys:write");
  const key = { workspaceId: caller.workspaceId, id: knownId(id, "api_key_not_found"), now: platform.now() };
  if (!(await revokeKeyRow(platform.sql, key))) throw new AppError("api_key_not_found");
  return { id };
}

type KeyFacts = { workspaceId: string; name: string; scopes: readonly Scope[]; now: Date };

/** Makes a key without asking who wants it: for the command line. */
export async function makeApiKey(sql: Queryable, { workspaceId, name, scopes, now }: KeyFacts): Promise<NewApiKey> {
  const key = `stk_${randomBytes(32).toString("base64url")}`;
  const row = { id: newId(), name, hint: hintOf(key), scopes: [...scopes], createdAt: now };
  await insertApiKey(sql, { ...row, workspaceId, hash: hashKey(key) });
  return { ...row, lastUsedAt: null, revokedAt: null, key };
}

/** The SHA-256 of a key: all that is ever stored of it. */
export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

/** Enough of a key to tell it from others: its first eight characters, and never more than a quarter of it. */
export function hintOf(key: string): string {
  return `${key.slice(0, Math.min(8, Math.floor(key.length / 4)))}…`;
}
