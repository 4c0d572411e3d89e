const minuteMs = 60_000;
const delaysInMinutes = [1, 5, 15, 30, 60, 120, 240];

/** How long a mail is tried before it counts as lost: RFC 5321, section 4.5.4.1 asks for days, readers for hours. */
export const deliveryLifetimeMs = 72 * 60 * minuteMs;

type Attempt = { attempt: number; firstAttemptAt: Date; now: Date; random: number };

/**
 * When to try again after attempt number `attempt` (from 1) was deferred, or null when the mail has expired. `random` (0 to 1) spreads
 * the next attempt over 20 % of the delay, so that mails deferred together don't come back together.
 */
export function nextDeliveryAt({ attempt, firstAttemptAt, now, random }: Attempt): Date | null {
  const expiresAt = firstAttemptAt.getTime() + deliveryLifetimeMs;
  if (now.getTime() >= expiresAt) return null;
  const index = Math.min(Math.max(attempt, 1), delaysInMinutes.length) - 1;
  const delayMs = (delaysInMinutes[index] ?? 240) * minuteMs * (0.9 + 0.2 * random);
  // The last attempt is made at the very end of the lifetime rather than left out.
  return new Date(Math.min(now.getTime() + Math.round(delayMs), expiresAt));
}
