import { expect, test } from "vitest";
import { entryHears, entrySays, isGold, isSilver, refused } from "../../testing/entry-suite.ts";
import { tagChanged } from "./run.ts";

const added = { tag: "vip", change: "added" };

test("listens to its tag alone, trimmed as tags are kept", () => {
  expect(entryHears(tagChanged, { tag: " vip ", change: "added" })).toEqual(["$tag-added:vip"]);
  expect(entryHears(tagChanged, { tag: "vip", change: "removed" })).toEqual(["$tag-removed:vip"]);
});

test.each([
  [added, "$tag-added:vip", { admit: true }],
  [added, "$tag-removed:vip", refused("other_event")],
  [added, "$tag-added:VIP", refused("other_event")],
  [{ ...added, change: "removed" }, "$tag-removed:vip", { admit: true }],
  [{ ...added, where: isGold }, "$tag-added:vip", { admit: true }],
  [{ ...added, where: isSilver }, "$tag-added:vip", refused("condition_not_met")],
])("%j says to %s: %j", (config, name, expected) => {
  expect(entrySays(tagChanged, config, { name, payload: { tag: "vip" } })).toMatchObject(expected);
});

test.each([
  {},
  { tag: "vip" },
  { tag: "", change: "added" },
  { tag: " ", change: "added" },
  { tag: "x".repeat(65), change: "added" },
  { tag: "a\0b", change: "added" },
  { tag: "vip", change: "joined" },
])("refuses the configuration %j", (config) => {
  expect(tagChanged.config.safeParse(config).success).toBe(false);
});
