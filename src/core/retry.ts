type Backoff = { attempt: number; random: number; baseMs?: number; capMs?: number };

const maxRetryAfterMs = 3_600_000;

/**
 * How long to wait after failed attempt number `attempt` (from 1), in milliseconds: exponential backoff with full jitter,
 * 1 s doubling up to 5 min unless said otherwise. `random` is in [0, 1).
 */
export function backoffMs({ attempt, random, baseMs = 1000, capMs = 300_000 }: Backoff): number {
  // The exponent is bounded so that a large attempt number cannot overflow to Infinity.
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(attempt, 1) - 1, 40));
  return Math.round(random * ceiling);
}

/** When to try again: what the other side asked for with Retry-After (at most one hour, and up to a second more), or else after the backoff. */
export function retryAt(backoff: Backoff & { now: Date; retryAfterMs?: number | null }): Date {
  const asked = Math.min(backoff.retryAfterMs ?? 0, maxRetryAfterMs);
  // Jitter on top of what was asked, so that all that were refused together do not come back together.
  const delay = asked > 0 ? asked + Math.round(backoff.random * 1000) : backoffMs(backoff);
  return new Date(backoff.now.getTime() + delay);
}

/**
 * Reads a Retry-After header (RFC 9110, section 10.2.3), seconds or an HTTP date, as milliseconds from `now`.
 * Null when it is absent or makes no sense; at most one hour.
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | null {
  const text = value?.trim() ?? "";
  if (/^\d{1,12}$/.test(text)) return Math.min(Number(text) * 1000, maxRetryAfterMs);
  if (!/^[A-Z][a-z]+,? /.test(text)) return null;
  // The old asctime form names no zone and means UTC; Date.parse would take it as local time.
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  if (Number.isNaN(at)) return null;
  return Math.min(Math.max(at - now.getTime(), 0), maxRetryAfterMs);
}
