import type { Priority } from "../flow/priority.ts";
import type { Rate } from "../workspace-settings.ts";

/**
 * A rate under way. `freeAt`: when all that was granted has had its time. `lineEnds`: how far those put off reach, by priority. In
 * milliseconds since 1970; minus infinity when there is nothing yet.
 */
export type RateBucket = { freeAt: number; lineEnds: readonly [number, number, number] };

export type RateVerdict = { granted: boolean; until: number; bucket: RateBucket };

export const emptyBucket: RateBucket = {
  freeAt: Number.NEGATIVE_INFINITY,
  lineEnds: [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
};

const spanMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
// How much of what was not used may be made up for; the rest of what is saved is kept for the more urgent.
const shares = [1, 0.75, 0.5] as const;

/**
 * Asks for one message now. Granted ones are spread evenly, and at most `count` fall into any span of `per`: what may be made up for after
 * a pause (a twentieth of the span, a second at most) is taken off the rate. One that is refused gets the next place in the line of its
 * priority, `until`; whoever comes then asks again. Generic cell rate algorithm (ITU-T I.371).
 */
export function askRate(
  bucket: RateBucket,
  rate: Rate,
  { now, priority }: { now: number; priority: Priority },
): RateVerdict {
  const { gapMs, slackMs } = paceOf(rate);
  if (now >= bucket.freeAt - slackMs * shares[priority])
    return { granted: true, until: now, bucket: { ...bucket, freeAt: Math.max(bucket.freeAt, now) + gapMs } };
  const until = Math.ceil(Math.max(bucket.freeAt, bucket.lineEnds[priority] + gapMs));
  return { granted: false, until, bucket: { ...bucket, lineEnds: withEnd(bucket.lineEnds, priority, until) } };
}

function paceOf({ count, per }: Rate): { gapMs: number; slackMs: number } {
  const slackMs = Math.min(1000, spanMs[per] / 20);
  return { gapMs: (spanMs[per] + slackMs) / count, slackMs };
}

function withEnd(ends: RateBucket["lineEnds"], priority: Priority, end: number): RateBucket["lineEnds"] {
  const [high, normal, low] = ends;
  return [priority === 0 ? end : high, priority === 1 ? end : normal, priority === 2 ? end : low];
}
