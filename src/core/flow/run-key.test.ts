import fc from "fast-check";
import { expect, test } from "vitest";
import { runKey } from "./run-key.ts";

test.each([
  [" o-1 \n", "o-1"],
  ["a\0b", "a b"],
  ["\ud800x", "\ufffdx"],
  ["", ""],
])("%j becomes the key %j", (text, key) => {
  expect(runKey(text)).toBe(key);
});

test("a key is at most 200 characters, can be stored, and is its own key", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
      const key = runKey(text);
      expect(key.length).toBeLessThanOrEqual(200);
      expect(key.isWellFormed()).toBe(true);
      expect(runKey(key)).toBe(key);
    }),
  );
});

test("texts longer than a key can be give different keys", () => {
  const keys = Array.from({ length: 2000 }, (_, index) => runKey("k".repeat(200) + index));
  expect(new Set(keys).size).toBe(2000);
});
