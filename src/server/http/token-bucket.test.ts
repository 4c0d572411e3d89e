import { expect, test } from "vitest";
import { createTokenBuckets } from "./token-bucket.ts";

test("allows a whole bucket at once, then says when the next is free", () => {
  const buckets = createTokenBuckets({ capacity: 2, perSecond: 0.5, maxBuckets: 10 });
  const taken = [0, 0, 0].map((now) => buckets.take("a", now));
  expect(taken).toEqual([
    { remaining: 1, retryAfterSeconds: 0 },
    { remaining: 0, retryAfterSeconds: 0 },
    { remaining: 0, retryAfterSeconds: 2 },
  ]);
});

test("refills with time, up to its capacity", () => {
  const buckets = createTokenBuckets({ capacity: 2, perSecond: 1, maxBuckets: 10 });
  buckets.take("a", 0);
  buckets.take("a", 0);
  expect(buckets.take("a", 999).retryAfterSeconds).toBe(1);
  expect(buckets.take("a", 1000)).toEqual({ remaining: 0, retryAfterSeconds: 0 });
  expect(buckets.peek("a", 1_000_000)).toEqual({ remaining: 2, retryAfterSeconds: 0 });
});

test("counts names apart, and a clock that goes back gives nothing", () => {
  const buckets = createTokenBuckets({ capacity: 1, perSecond: 1, maxBuckets: 10 });
  buckets.take("a", 5000);
  expect(buckets.take("b", 5000).retryAfterSeconds).toBe(0);
  expect(buckets.take("a", 1000).retryAfterSeconds).toBe(1);
});

test("looking takes nothing", () => {
  const buckets = createTokenBuckets({ capacity: 1, perSecond: 1, maxBuckets: 10 });
  buckets.peek("a", 0);
  expect(buckets.take("a", 0)).toEqual({ remaining: 0, retryAfterSeconds: 0 });
});

test("keeps a bounded number of names, forgetting the oldest", () => {
  const buckets = createTokenBuckets({ capacity: 1, perSecond: 0.001, maxBuckets: 2 });
  for (const name of ["a", "b", "c"]) buckets.take(name, 0);
  expect(buckets.take("b", 0).retryAfterSeconds).toBeGreaterThan(0);
  expect(buckets.take("a", 0).retryAfterSeconds).toBe(0);
});
