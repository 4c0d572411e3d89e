import { expect, test } from "vitest";
import { equalJson } from "./equal-json.ts";
import type { Json } from "./json.ts";

test.each<[Json, Json, boolean]>([
  ["5", 5, false],
  [5, 5, true],
  [0, -0, true],
  [null, null, true],
  [null, {}, false],
  [false, null, false],
  ["", null, false],
  [{ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
  [{ a: 1 }, { a: 1, b: null }, false],
  [[1, 2], [2, 1], false],
  [[{ a: 1, b: 2 }], [{ b: 2, a: 1 }], true],
  [[], {}, false],
])("%j and %j: %s", (one, other, isEqual) => {
  expect(equalJson(one, other)).toBe(isEqual);
  expect(equalJson(other, one)).toBe(isEqual);
});
