import type { Priority } from "../../core/flow/priority.ts";

/** Waits for the next place of `perSecond` evenly spaced ones, the urgent first; without a rate there is nothing to wait for. */
export type RateLimit = (priority: Priority) => Promise<void> | undefined;

type Waiting = { priority: Priority; go: () => void };

/** Places that are not used are lost: a pause is not followed by a burst. */
export function createRateLimit(perSecond: number | undefined, clock: () => number): RateLimit {
  if (perSecond === undefined) return () => undefined;
  const gapMs = 1_000 / perSecond;
  const line: Waiting[] = [];
  let nextAt = Number.NEGATIVE_INFINITY;

  function serve(): void {
    nextAt = Math.max(clock(), nextAt) + gapMs;
    line.shift()?.go();
    if (line.length > 0) setTimeout(serve, Math.max(0, nextAt - clock()));
  }

  return (priority) => {
    const now = clock();
    if (line.length === 0 && now >= nextAt) {
      nextAt = now + gapMs;
      return undefined;
    }
    return new Promise((go) => {
      const behind = line.findLastIndex((other) => other.priority <= priority);
      line.splice(behind + 1, 0, { priority, go });
      if (line.length === 1) setTimeout(serve, Math.max(0, nextAt - now));
    });
  };
}
