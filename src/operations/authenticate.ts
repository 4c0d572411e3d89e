import {
  type ApiKeyRow,
  findApiKeyByHash,
  findApiKeyById,
  findApiKeyBySession,
  touchApiKeys,
} from "../storage/api-keys.ts";
import { isSessionKey, readAccessToken } from "./access-tokens.ts";
import { hashKey } from "./api-keys.ts";
import type { Caller, Platform } from "./platform.ts";

type Known = { caller: Caller; until: number };
type Memory = { known: Map<string, Known>; used: Set<string>; notedAt: number };

/** How long a key that was good counts as good without a new look: so long can a revoked key still work. */
const trustMs = 5_000;
const noteEveryMs = 60_000;
const maxKnown = 1000;
const maxKeyLength = 512;

const memories = new WeakMap<Platform["flows"], Memory>();

/**
 * Who presents this API key, access token or session key; null for one that is unknown, over, or of a revoked key. Notes when keys were
 * last used, at most once a minute.
 */
export async function authenticate(platform: Platform, presentedKey: string): Promise<Caller | null> {
  if (presentedKey === "" || presentedKey.length > maxKeyLength) return null;
  const memory = memoryOf(platform);
  const now = platform.now();
  // By the key as it was presented: its hash for every request was 3 % of the time of the thread.
  const known = memory.known.get(presentedKey);
  const found = known && known.until > now.getTime() ? known : await look(platform, presentedKey);
  if (!found) {
    memory.known.delete(presentedKey);
    return null;
  }
  const { caller } = found;
  if (found !== known) remember(memory, presentedKey, found);
  if (caller.keyId !== null) await noteUse(platform, memory, { keyId: caller.keyId, now });
  return caller;
}

async function look(platform: Platform, presented: string): Promise<Known | null> {
  const now = platform.now().getTime();
  const token = readAccessToken(platform.secretBox, presented);
  if (token && token.until <= now) return null;
  const row = await findKey(platform, { presented, keyId: token?.keyId });
  if (!row || row.revokedAt !== null) return null;
  const caller = { workspaceId: row.workspaceId, keyId: row.id, name: row.name, scopes: new Set(row.scopes) };
  return { caller, until: Math.min(now + trustMs, token?.until ?? Number.POSITIVE_INFINITY) };
}

async function findKey(
  { sql }: Platform,
  { presented, keyId }: { presented: string; keyId: string | undefined },
): Promise<ApiKeyRow | undefined> {
  if (keyId !== undefined) return findApiKeyById(sql, keyId);
  const row = await findApiKeyByHash(sql, hashKey(presented));
  return row ?? (isSessionKey(presented) ? findApiKeyBySession(sql, hashKey(presented)) : undefined);
}

/** One memory for each process: the cache of flows is one too, and is shared by the platforms of nested transactions. */
function memoryOf({ flows }: Platform): Memory {
  const found = memories.get(flows);
  if (found) return found;
  const memory = { known: new Map(), used: new Set<string>(), notedAt: Number.NEGATIVE_INFINITY };
  memories.set(flows, memory);
  return memory;
}

function remember({ known }: Memory, key: string, entry: Known): void {
  known.delete(key);
  known.set(key, entry);
  const oldest = known.keys().next();
  if (known.size > maxKnown && !oldest.done) known.delete(oldest.value);
}

async function noteUse({ sql }: Platform, memory: Memory, { keyId, now }: { keyId: string; now: Date }): Promise<void> {
  memory.used.add(keyId);
  if (now.getTime() - memory.notedAt < noteEveryMs) return;
  const ids = [...memory.used];
  memory.used.clear();
  memory.notedAt = now.getTime();
  await touchApiKeys(sql, ids, now);
}
