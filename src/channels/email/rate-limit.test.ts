import { expect, test } from "vitest";
import { createRateLimit } from "./rate-limit.ts";

test("without a rate there is nothing to wait for", () => {
  const place = createRateLimit(undefined, () => 0);
  expect([place(), place()]).toEqual([undefined, undefined]);
});

test("the first goes at once, the next waits, and a pause earns no burst", () => {
  let now = 0;
  const place = createRateLimit(1_000, () => now);
  expect(place()).toBeUndefined();
  expect(place()).toBeInstanceOf(Promise);
  now = 10_000;
  expect(place()).toBeUndefined();
  expect(place()).toBeInstanceOf(Promise);
});
