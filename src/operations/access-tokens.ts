import { setSessionHash } from "../storage/api-keys.ts";
import { hashKey } from "./api-keys.ts";
import type { Caller, Platform, SecretBox } from "./platform.ts";

/** How long an access token is good, in seconds: as SendPulse's. */
export const accessTokenSeconds = 3600;

const prefix = "sta_";
const context = "access-token";

/** Until when, in milliseconds, which key a token stands for. */
export type AccessToken = { keyId: string; until: number };

/**
 * A token that stands for the caller's API key for an hour (RFC 6749, section 4.4). It is sealed, not stored: it ends with its time, and
 * with its key.
 */
export function issueAccessToken({ secretBox, now }: Platform, { keyId }: Caller): string {
  if (keyId === null) throw new Error("Only the holder of an API key can have an access token.");
  const token: AccessToken = { keyId, until: now().getTime() + accessTokenSeconds * 1000 };
  return prefix + Buffer.from(secretBox.seal(JSON.stringify(token), context)).toString("base64url");
}

/** What a token says, whether its time is over or not; null for a text that is no token of ours. */
export function readAccessToken(secretBox: SecretBox, presented: string): AccessToken | null {
  if (!presented.startsWith(prefix)) return null;
  try {
    return JSON.parse(secretBox.open(Buffer.from(presented.slice(prefix.length), "base64url"), context)) as AccessToken;
  } catch {
    // Not ours, changed, or sealed with another secret key: all mean that nobody presents it.
    return null;
  }
}

/** The session key of an API key, 40 hex digits, good for as long as the key is; the caller has shown `key` itself. */
export async function openSession({ sql }: Platform, { keyId }: Caller, key: string): Promise<string> {
  if (keyId === null) throw new Error("Only the holder of an API key can have a session key.");
  const session = hashKey(`session:${key}`).toString("hex").slice(0, 40);
  await setSessionHash(sql, { id: keyId, hash: hashKey(session) });
  return session;
}

/** Whether a text has the form of a session key. */
export function isSessionKey(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}
