/** Waits for the next place of `perSecond` evenly spaced ones; without a rate there is nothing to wait for. */
export type RateLimit = () => Promise<void> | undefined;

/** Places that are not used are lost: a pause is not followed by a burst. */
export function createRateLimit(perSecond: number | undefined, clock: () => number): RateLimit {
  if (perSecond === undefined) return () => undefined;
  const gapMs = 1_000 / perSecond;
  let nextAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock();
    const at = Math.max(now, nextAt);
    nextAt = at + gapMs;
    return at <= now ? undefined : new Promise((resolve) => setTimeout(resolve, at - now));
  };
}
