import { expect, test } from "vitest";
import { slugOf } from "./slug.ts";

test.each([
  ["After a purchase", "after-a-purchase"],
  ["  È già ORA! ", "e-gia-ora"],
  ["日本", "flow"],
  ["../../etc", "etc"],
  ["x".repeat(200), "x".repeat(80)],
])("%j becomes %s", (name, slug) => {
  expect(slugOf(name, () => false)).toBe(slug);
});

test("a name that is taken gets a number", () => {
  expect(slugOf("A", (slug) => ["a", "a-2"].includes(slug))).toBe("a-3");
});
