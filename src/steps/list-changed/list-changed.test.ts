import { expect, test } from "vitest";
import { entryHears, entrySays, isGold, isSilver, refused } from "../../testing/entry-suite.ts";
import { listChanged } from "./run.ts";

const list = "0190a000-0000-7000-8000-0000000000aa";
const joined = { list, change: "joined" };
const payload = { list };

test("listens to its list alone, and to one of joining and leaving", () => {
  expect(entryHears(listChanged, joined)).toEqual([`$list-joined:${list}`]);
  expect(entryHears(listChanged, { list: list.toUpperCase(), change: "left" })).toEqual([`$list-left:${list}`]);
});

test.each([
  [joined, `$list-joined:${list}`, { admit: true }],
  [joined, `$list-left:${list}`, refused("other_event")],
  [joined, "$list-joined:other", refused("other_event")],
  [{ ...joined, change: "left" }, `$list-left:${list}`, { admit: true }],
  [{ ...joined, where: isGold }, `$list-joined:${list}`, { admit: true }],
  [{ ...joined, where: isSilver }, `$list-joined:${list}`, refused("condition_not_met")],
])("%j says to %s: %j", (config, name, expected) => {
  expect(entrySays(listChanged, config, { name, payload })).toMatchObject(expected);
});

test.each([{}, { list }, { list: "news", change: "joined" }, { list, change: "added" }, { ...joined, more: 1 }])(
  "refuses the configuration %j",
  (config) => {
    expect(listChanged.config.safeParse(config).success).toBe(false);
  },
);
