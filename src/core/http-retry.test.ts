import { expect, test } from "vitest";
import { isPassingReason, isPassingStatus, mayRepeat } from "./http-retry.ts";

test.each([
  [408, true],
  [429, true],
  [500, true],
  [503, true],
  [400, false],
  [404, false],
  [302, false],
])("status %i passes: %s", (status, passes) => {
  expect(isPassingStatus(status)).toBe(passes);
});

test("a refused certificate does not pass, a timeout does", () => {
  expect([isPassingReason("tls"), isPassingReason("timeout")]).toEqual([false, true]);
});

test.each([
  { method: "GET", retryUnsafe: false, sent: true, attempt: 1, isRepeated: true },
  { method: "GET", retryUnsafe: false, sent: true, attempt: 4, isRepeated: false },
  { method: "POST", retryUnsafe: false, sent: true, attempt: 1, isRepeated: false },
  { method: "POST", retryUnsafe: true, sent: true, attempt: 1, isRepeated: true },
  { method: "POST", retryUnsafe: false, sent: false, attempt: 1, isRepeated: true },
] as const)("%j", ({ method, retryUnsafe, sent, attempt, isRepeated }) => {
  expect(mayRepeat({ method, retries: 3, retryUnsafe }, { retryable: true, sent, attempt })).toBe(isRepeated);
});

test("what cannot help is not repeated", () => {
  const request = { method: "GET", retries: 3, retryUnsafe: true } as const;
  expect(mayRepeat(request, { retryable: false, sent: false, attempt: 1 })).toBe(false);
});
