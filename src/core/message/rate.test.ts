import fc from "fast-check";
import { expect, test } from "vitest";
import { type Priority, priorities } from "../flow/priority.ts";
import type { Rate } from "../workspace-settings.ts";
import { askRate, emptyBucket, type RateBucket } from "./rate.ts";

const { high, normal, low } = priorities;
const spanMs = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Asks at each instant; returns those of which it was granted. */
function granted(rate: Rate, instants: readonly number[], priority: Priority = high): number[] {
  let bucket = emptyBucket;
  return instants.filter((now) => {
    const verdict = askRate(bucket, rate, { now, priority });
    bucket = verdict.bucket;
    return verdict.granted;
  });
}

test("the first goes at once, and what is refused says when to come again", () => {
  const rate = { count: 1, per: "minute" } as const;
  const first = askRate(emptyBucket, rate, { now: 0, priority: normal });
  expect(first.granted).toBe(true);
  expect(askRate(first.bucket, rate, { now: 1, priority: normal })).toMatchObject({ granted: false, until: 61_000 });
});

test("those put off stand in a line, evenly spaced, each priority in its own", () => {
  const rate = { count: 60, per: "minute" } as const;
  let bucket: RateBucket = askRate(emptyBucket, rate, { now: 0, priority: low }).bucket;
  const ask = (priority: Priority) => {
    const verdict = askRate(bucket, rate, { now: 0, priority });
    bucket = verdict.bucket;
    return verdict.until;
  };
  const places = [ask(low), ask(low), ask(low), ask(high), ask(low)];
  expect(places.map((at) => Math.round(at / 1000))).toEqual([1, 2, 3, 1, 4]);
});

test("after a pause a little is made up for, the most of it by the urgent", () => {
  const rate = { count: 1000, per: "second" } as const;
  const atOnce = Array.from({ length: 200 }, () => 10_000);
  const sizes = [high, normal, low].map((priority) => granted(rate, [0, ...atOnce], priority).length - 1);
  expect(sizes).toEqual([48, 36, 24]);
});

test("never do more than the count fall into a span, whenever they ask", () => {
  const rates = fc.record({
    count: fc.integer({ min: 1, max: 200 }),
    per: fc.constantFrom("second", "minute", "hour", "day"),
  });
  const steps = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 600 });
  fc.assert(
    fc.property(rates, steps, (rate, gaps) => {
      const unit = spanMs[rate.per] / rate.count / 40;
      let now = 0;
      const went = granted(
        rate,
        gaps.map((gap) => {
          now += gap * unit;
          return now;
        }),
      );
      went.forEach((at, index) => {
        const within = went.slice(index).filter((other) => other < at + spanMs[rate.per]);
        expect(within.length).toBeLessThanOrEqual(rate.count);
      });
    }),
    { numRuns: 100 },
  );
});

test("who comes again when told gets through, at nearly the whole rate", () => {
  const rate = { count: 100, per: "second" } as const;
  let bucket = emptyBucket;
  const open = Array.from({ length: 1000 }, () => 0);
  let lastAt = 0;
  while (open.length > 0) {
    const now = open.shift() ?? 0;
    const verdict = askRate(bucket, rate, { now, priority: low });
    bucket = verdict.bucket;
    if (verdict.granted) lastAt = now;
    else open.splice(open.findLastIndex((at) => at <= verdict.until) + 1, 0, verdict.until);
  }
  expect(lastAt).toBeLessThan(11_000);
  expect(lastAt).toBeGreaterThan(9_900);
});
