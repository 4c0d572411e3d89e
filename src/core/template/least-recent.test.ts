import { expect, test } from "vitest";
import { leastRecent } from "./least-recent.ts";

test("keeps what was used and forgets what was not", () => {
  const cache = leastRecent<number>({ entries: 2, weight: 100 });
  cache.set("a", 1);
  cache.set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  expect([cache.get("a"), cache.get("b"), cache.get("c"), cache.size()]).toEqual([1, undefined, 3, 2]);
});

test("forgets when the keys are too long together", () => {
  const cache = leastRecent<number>({ entries: 10, weight: 10 });
  cache.set("aaaaaa", 1);
  cache.set("bbbb", 2);
  expect(cache.size()).toBe(2);
  cache.set("c", 3);
  expect([cache.get("aaaaaa"), cache.get("bbbb"), cache.get("c")]).toEqual([undefined, 2, 3]);
});

test("an entry that is set again weighs once", () => {
  const cache = leastRecent<number>({ entries: 10, weight: 4 });
  for (let value = 0; value < 10; value += 1) cache.set("aaa", value);
  cache.set("b", 1);
  expect([cache.get("aaa"), cache.get("b")]).toEqual([9, 1]);
});

test("an entry heavier than the limit is not kept", () => {
  const cache = leastRecent<number>({ entries: 10, weight: 4 });
  cache.set("aaaaa", 1);
  expect(cache.size()).toBe(0);
});
