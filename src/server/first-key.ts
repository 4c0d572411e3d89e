import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureApiKey } from "../operations/ensure-workspace.ts";
import { listApiKeys } from "../storage/api-keys.ts";
import type { Sql } from "../storage/database.ts";
import type { Configuration } from "./configuration.ts";

/** A key that an operator can be shown, and where it comes from. */
export type FirstKey = { key: string; source: string };

type Place = { workspaceId: string; now: Date };

/**
 * Sees to it that somebody can call the API: with STAFFETTA_API_KEY that key exists; otherwise the one in `DATA_DIR/api-key`, which is made
 * (mode 0600) when there is no key at all yet. Null when keys exist and none of them is known here.
 */
export async function ensureFirstKey(
  sql: Sql,
  { apiKey, dataDir }: Pick<Configuration, "apiKey" | "dataDir">,
  { workspaceId, now }: Place,
): Promise<FirstKey | null> {
  const found =
    apiKey === null ? await findKey(sql, dataDir, workspaceId) : { key: apiKey, source: "STAFFETTA_API_KEY" };
  if (found) await ensureApiKey(sql, { key: found.key, workspaceId, now });
  return found;
}

async function findKey(sql: Sql, dataDir: string, workspaceId: string): Promise<FirstKey | null> {
  const path = keyFile(dataDir);
  const kept = await readKeyFile(dataDir);
  if (kept !== null) return { key: kept, source: path };
  if ((await listApiKeys(sql, workspaceId)).length > 0) return null;
  const key = `stk_${randomBytes(32).toString("base64url")}`;
  await mkdir(dataDir, { recursive: true });
  await writeFile(path, `${key}\n`, { mode: 0o600, flush: true });
  return { key, source: path };
}

/** The key that an earlier start kept in `dataDir`; null without one. */
export async function readKeyFile(dataDir: string): Promise<string | null> {
  try {
    const text = (await readFile(keyFile(dataDir), "utf8")).trim();
    await chmod(keyFile(dataDir), 0o600);
    return text === "" ? null : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function keyFile(dataDir: string): string {
  return join(dataDir, "api-key");
}
