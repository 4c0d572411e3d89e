import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { Queryable } from "../storage/database.ts";
import { findAnswers, keepAnswers } from "../storage/idempotency.ts";
import { asPool, holdName } from "../storage/nested-transaction.ts";
import type { Platform } from "./platform.ts";

/** A request that may come twice: `hash` (SHA-256 in hex) is of what it asks for. */
export type RepeatableRequest = { workspaceId: string; operation: string; key: string; hash: string };
export type Answer = { status: number; response: unknown };

/**
 * Does a request once, however often it comes: a repeat gets the first answer. The work and the memory of it are one commit, and a request
 * that fails leaves neither. `run` has to do everything with the platform it is given. Throws `idempotency_key_reused` for another hash.
 */
export async function withIdempotency(
  platform: Platform,
  request: RepeatableRequest,
  run: (platform: Platform) => Promise<Answer>,
): Promise<Answer & { replayed: boolean }> {
  const kept = await replay(platform.sql, request);
  if (kept) return kept;
  const lanes = new Set<number>();
  let isAwake = true;
  const wake = () => {
    isAwake = false;
  };
  const answer = await platform.sql.begin(async (sql) => {
    // Two repeats at the same time: the second waits here, and then finds the answer of the first.
    await holdName(sql, `${request.workspaceId}|${request.operation}|${request.key}`);
    const found = await replay(sql, request);
    if (found) return found;
    const signal = (some: Iterable<number>) => {
      for (const lane of some) lanes.add(lane);
    };
    const { status, response } = await run({ ...platform, sql: asPool(sql), signal, wake });
    const { hash: requestHash, ...key } = request;
    const saved = await keepAnswers(
      sql,
      [{ ...key, requestHash, status, response: (response ?? null) as Json }],
      platform.now(),
    );
    if (saved === 0) throw new Error(`Another writer kept an answer for ${key.operation} without holding its name.`);
    return { status, response, replayed: false };
  });
  if (lanes.size > 0) platform.signal(lanes);
  if (!isAwake) platform.wake();
  return answer;
}

async function replay(
  sql: Queryable,
  { hash, ...key }: RepeatableRequest,
): Promise<(Answer & { replayed: boolean }) | null> {
  const [kept] = await findAnswers(sql, [key]);
  if (!kept) return null;
  if (kept.requestHash !== hash) throw new AppError("idempotency_key_reused");
  return { status: kept.status, response: kept.response, replayed: true };
}
