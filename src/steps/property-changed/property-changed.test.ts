import { expect, test } from "vitest";
import type { Json } from "../../core/json.ts";
import { entryHears, entrySays, isGold, isSilver, refused } from "../../testing/entry-suite.ts";
import { propertyChanged } from "./run.ts";

const admit = { admit: true };

function says(config: object, before: Json, after: Json) {
  const payload = { property: "plan", before, after };
  return entrySays(propertyChanged, { property: "plan", ...config }, { name: "$property:plan", payload });
}

test("listens to changes of its property, and to what sets it again when asked", () => {
  expect(entryHears(propertyChanged, { property: "plan" })).toEqual(["$property:plan"]);
  expect(entryHears(propertyChanged, { property: "plan", alsoWhenSetAgain: true })).toEqual([
    "$property:plan",
    "$property-set:plan",
  ]);
});

test.each<[object, [Json, Json], object]>([
  [{}, ["free", "gold"], admit],
  [{}, [null, "gold"], admit],
  [{}, ["gold", null], admit],
  [{ to: "gold" }, ["free", "gold"], admit],
  [{ to: "gold" }, ["free", "silver"], refused("other_value")],
  [{ to: "gold" }, ["free", null], refused("other_value")],
  [{ to: null }, ["gold", null], admit],
  [{ to: null }, [null, "gold"], refused("other_value")],
  [{ from: "free" }, ["free", "gold"], admit],
  [{ from: "free" }, ["gold", "free"], refused("other_value_before")],
  [{ from: null }, [null, "gold"], admit],
  [{ from: null }, ["free", "gold"], refused("other_value_before")],
  [{ from: "free", to: "gold" }, ["free", "gold"], admit],
  [{ from: "free", to: "gold" }, ["free", "silver"], refused("other_value")],
  [{ to: 5 }, [4, 5], admit],
  [{ to: 5 }, [4, "5"], refused("other_value")],
  [{ to: false }, [true, false], admit],
  [{ to: false }, [true, null], refused("other_value")],
  [{ to: { a: 1, b: [2] } }, [null, { b: [2], a: 1 }], admit],
  [{ to: { a: 1 } }, [null, { a: 1, b: 2 }], refused("other_value")],
  [{ from: ["x"] }, [["x"], ["x", "y"]], admit],
  [{ where: isGold }, ["free", "gold"], admit],
  [{ where: isSilver }, ["free", "gold"], refused("condition_not_met")],
  [{ where: { field: "event.after", operator: "greaterThan", value: 10 } }, [9, 11], admit],
])("%j, from and to %j: %j", (config, [before, after], expected) => {
  expect(says(config, before, after)).toMatchObject(expected);
});

test("takes a value that was set again only when asked, and then by the same rules", () => {
  const again = (config: object) =>
    entrySays(
      propertyChanged,
      { property: "plan", ...config },
      { name: "$property-set:plan", payload: { property: "plan", before: "gold", after: "gold", isSame: true } },
    );
  expect(again({})).toEqual(refused("other_event"));
  expect(again({ alsoWhenSetAgain: true })).toEqual(admit);
  expect(again({ alsoWhenSetAgain: true, to: "silver" })).toMatchObject(refused("other_value"));
});

test("refuses changes of other properties", () => {
  expect(entrySays(propertyChanged, { property: "plan" }, { name: "$property:planet" })).toEqual(
    refused("other_event"),
  );
});

test.each([
  {},
  { property: "" },
  { property: "email" },
  { property: "a b" },
  { property: "plan", to: "x".repeat(20_000) },
  { property: "plan", alsoWhenSetAgain: "yes" },
  { property: "plan", where: { field: "x" } },
  { property: "plan", value: 1 },
])("refuses the configuration %j", (config) => {
  expect(propertyChanged.config.safeParse(config).success).toBe(false);
});
