import fc from "fast-check";
import { expect, test } from "vitest";
import { deliveryLifetimeMs, nextDeliveryAt } from "./retry-schedule.ts";

const firstAttemptAt = new Date("2026-03-01T10:00:00Z");
const minutesUntilNext = (attempt: number, random = 0.5) => {
  const next = nextDeliveryAt({ attempt, firstAttemptAt, now: firstAttemptAt, random });
  return next === null ? null : (next.getTime() - firstAttemptAt.getTime()) / 60_000;
};

test("waits longer after each attempt, and at most four hours", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 40].map((attempt) => minutesUntilNext(attempt))).toEqual([
    1, 5, 15, 30, 60, 120, 240, 240, 240,
  ]);
});

test.each([
  [0, 0.9],
  [1, 1.1],
])("spreads the attempts: random %s gives %s of the delay", (random, factor) => {
  expect(minutesUntilNext(5, random)).toBeCloseTo(60 * factor, 5);
});

test("expires 72 hours after the first attempt", () => {
  const now = new Date(firstAttemptAt.getTime() + deliveryLifetimeMs);
  expect(nextDeliveryAt({ attempt: 20, firstAttemptAt, now, random: 0 })).toBeNull();
});

test("makes the last attempt at the end of the lifetime", () => {
  const now = new Date(firstAttemptAt.getTime() + deliveryLifetimeMs - 1_000);
  const next = nextDeliveryAt({ attempt: 20, firstAttemptAt, now, random: 1 });
  expect(next).toEqual(new Date(firstAttemptAt.getTime() + deliveryLifetimeMs));
});

test("always ends: following the schedule reaches the end in a bounded number of attempts", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (random) => {
      let now: Date | null = firstAttemptAt;
      let attempt = 0;
      while (now !== null && attempt < 100) {
        attempt += 1;
        const next = nextDeliveryAt({ attempt, firstAttemptAt, now, random });
        if (next) expect(next.getTime()).toBeGreaterThan(now.getTime());
        now = next;
      }
      expect(attempt).toBeLessThan(40);
    }),
    { numRuns: 20 },
  );
});
