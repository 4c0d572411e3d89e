import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs, parseRetryAfter, retryAt } from "./retry.ts";

const now = new Date("2026-03-01T10:00:00.000Z");

test.each([
  [1, 1000],
  [2, 2000],
  [3, 4000],
  [9, 256_000],
  [10, 300_000],
  [1_000_000, 300_000],
])("the longest wait after attempt %i is %i ms", (attempt, longest) => {
  expect(backoffMs({ attempt, random: 1 })).toBe(longest);
});

test("the wait lies anywhere between nothing and the longest", () => {
  expect([0, 0.25, 0.5].map((random) => backoffMs({ attempt: 3, random }))).toEqual([0, 1000, 2000]);
});

test("base and cap can be set", () => {
  expect([1, 2, 3].map((attempt) => backoffMs({ attempt, random: 1, baseMs: 10, capMs: 30 }))).toEqual([10, 20, 30]);
});

test("the wait is never negative nor above the cap", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -5, max: 5000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const wait = backoffMs({ attempt, random });
        return wait >= 0 && wait <= 300_000;
      },
    ),
  );
});

test("tries again after the backoff", () => {
  expect(retryAt({ attempt: 2, random: 0.5, now })).toEqual(new Date("2026-03-01T10:00:01.000Z"));
});

test("does not try before the time that was asked for", () => {
  expect(retryAt({ attempt: 1, random: 0, now, retryAfterMs: 90_000 })).toEqual(new Date("2026-03-01T10:01:30.000Z"));
});

test("spreads those that were asked to wait for the same time", () => {
  expect(retryAt({ attempt: 1, random: 0.5, now, retryAfterMs: 90_000 })).toEqual(new Date("2026-03-01T10:01:30.500Z"));
});

test("waits at most an hour for what was asked", () => {
  expect(retryAt({ attempt: 1, random: 0, now, retryAfterMs: 86_400_000 })).toEqual(
    new Date("2026-03-01T11:00:00.000Z"),
  );
});

test.each([
  ["0", 0],
  ["120", 120_000],
  [" 5 ", 5000],
  ["99999999", 3_600_000],
  ["Sun, 01 Mar 2026 10:00:30 GMT", 30_000],
  ["Sunday, 01-Mar-26 10:00:30 GMT", 30_000],
  ["Sun Mar  1 10:00:30 2026", 30_000],
  ["Sun, 01 Mar 2026 09:00:00 GMT", 0],
  ["Mon, 02 Mar 2026 10:00:00 GMT", 3_600_000],
])("reads Retry-After %j as %i ms", (value, ms) => {
  expect(parseRetryAfter(value, now)).toBe(ms);
});

test.each([undefined, "", "soon", "-5", "1.5", "Sun, 99 Foo 2026"])("finds no time in Retry-After %j", (value) => {
  expect(parseRetryAfter(value, now)).toBeNull();
});
