import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../json.ts";
import { diffFlows } from "./diff-flows.ts";

const none = { added: [], removed: [], changed: [] };

test("names what was added, removed and changed, with the path of each field", () => {
  const before = {
    name: "One",
    entries: { a: { kind: "event", config: { event: "go" } } },
    steps: { one: { exits: { next: "two" }, config: { tags: ["x", "y"] } }, two: {} },
    reentry: { mode: "never" },
  };
  const after = {
    name: "One",
    entries: { a: { kind: "event", config: { event: "stop" } } },
    steps: { one: { exits: { next: null }, config: { tags: ["x"] } }, three: {} },
    reentry: { mode: "always" },
    priority: "high",
  };
  expect(diffFlows(before, after)).toEqual({
    isSame: false,
    entries: {
      ...none,
      changed: [{ name: "a", fields: [{ path: "config.event", before: "go", after: "stop" }] }],
    },
    steps: {
      added: ["three"],
      removed: ["two"],
      changed: [
        {
          name: "one",
          fields: [
            { path: "config.tags[1]", before: "y" },
            { path: "exits.next", before: "two", after: null },
          ],
        },
      ],
    },
    settings: [
      { path: "priority", after: "high" },
      { path: "reentry.mode", before: "never", after: "always" },
    ],
  });
});

test.each<[Json, Json]>([
  [{}, {}],
  [null, "text"],
  [{ steps: { a: { x: 1, y: 2 } } }, { steps: { a: { y: 2, x: 1 } } }],
])("%j and %j do not differ in entries, steps or settings", (before, after) => {
  expect(diffFlows(before, after)).toEqual({ isSame: true, entries: none, steps: none, settings: [] });
});

test("whatever the two are, a difference is found just when they are not the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const [before, after] = [{ steps: { a: one } }, { steps: { a: other } }] as Json[];
      const same = JSON.stringify(sorted(one as Json)) === JSON.stringify(sorted(other as Json));
      return diffFlows(before as Json, after as Json).isSame === same;
    }),
  );
});

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
  // In an object again: an empty object is no empty list.
  return { fields };
}
