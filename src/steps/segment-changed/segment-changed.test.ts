import { expect, test } from "vitest";
import { entryHears, entrySays, isSilver, refused } from "../../testing/entry-suite.ts";
import { segmentChanged } from "./run.ts";

const segment = "0190a000-0000-7000-8000-0000000000bb";
const entered = { segment, change: "entered" };

function says(config: object, cause: string, name = `$segment-entered:${segment}`) {
  return entrySays(segmentChanged, config, { name, payload: { segment, cause } });
}

test("listens to its segment alone, and to one of entering and leaving", () => {
  expect(entryHears(segmentChanged, entered)).toEqual([`$segment-entered:${segment}`]);
  expect(entryHears(segmentChanged, { segment, change: "left" })).toEqual([`$segment-left:${segment}`]);
});

test.each([
  [entered, "change", { admit: true }],
  [entered, "time", { admit: true }],
  [entered, "definition", refused("segment_redefined")],
  [{ ...entered, alsoWhenRedefined: true }, "definition", { admit: true }],
  [{ ...entered, where: isSilver }, "change", refused("condition_not_met")],
])("%j says to a contact that came in by %s: %j", (config, cause, expected) => {
  expect(says(config, cause)).toMatchObject(expected);
});

test("refuses what happened the other way, or to another segment", () => {
  expect(says(entered, "change", `$segment-left:${segment}`)).toEqual(refused("other_event"));
  expect(says(entered, "change", "$segment-entered:other")).toEqual(refused("other_event"));
});

test.each([{}, { segment }, { segment: "buyers", change: "entered" }, { segment, change: "joined" }])(
  "refuses the configuration %j",
  (config) => {
    expect(segmentChanged.config.safeParse(config).success).toBe(false);
  },
);
