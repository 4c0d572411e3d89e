import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { definitionOf, registryWith } from "../../../testing/flow-fixture.ts";
import type { JsonObject } from "../../json.ts";
import { flowLimits } from "../definition.ts";
import { validateFlow } from "../validate.ts";

const end = { kind: "end", config: {} };
const wait = (next: string | null) => ({
  kind: "wait",
  config: { for: { amount: 1, unit: "hours" } },
  exits: { next },
});
const tag = (next: string | null, name = "a") => ({
  kind: "update-contact",
  config: { addTags: [name] },
  exits: { next },
});

function problems(steps: JsonObject, changes: JsonObject = {}): [string, string][] {
  const checked = validateFlow(definitionOf(steps, changes), registryWith());
  return checked.ok ? [] : checked.issues.map(({ path, message }) => [path, message]);
}

describe("hostile definitions give problems and never throw:", () => {
  const deep = (depth: number): unknown => (depth === 0 ? 1 : { and: [deep(depth - 1)] });
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`s${index}`, end]));

  test.each<[string, unknown]>([
    ["deep conditions", definitionOf({ a: { kind: "condition", config: deep(5000), exits: {} } as JsonObject })],
    ["a step named __proto__", JSON.parse('{"schema":1,"name":"x","entries":{},"steps":{"__proto__":{"kind":"end"}}}')],
    [
      "an exit named __proto__",
      JSON.parse('{"schema":1,"name":"x","entries":{},"steps":{"a":{"kind":"end","exits":{"__proto__":"a"}}}}'),
    ],
    ["a kind named __proto__", definitionOf({ a: { kind: "__proto__", config: {} } })],
    ["a kind named toString", definitionOf({ a: { kind: "toString", config: {} } })],
    ["too many steps by far", definitionOf(many(100_000))],
    ["a text that cannot be kept", definitionOf({ a: { kind: "end", config: { reason: "\u0000" } } })],
    [
      "a template of a megabyte",
      definitionOf({
        a: { kind: "update-contact", config: { addTags: ["{{".repeat(500_000)] }, exits: { next: null } },
      }),
    ],
    ["a number that is none", definitionOf({ a: { ...end, config: { n: Number.POSITIVE_INFINITY } } })],
  ])("%s", (_name, definition) => {
    const begun = performance.now();
    const checked = validateFlow(definition, registryWith());
    expect(checked.ok).toBe(false);
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  test("steps named like what every object has are ordinary steps", () => {
    const steps = { constructor: tag("valueof"), valueof: wait("constructor") };
    expect(problems(steps as unknown as JsonObject)).toEqual([]);
  });

  test("no more than 500 problems are told at once", () => {
    const exits = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`e${index}`, null]));
    expect(problems({ a: { ...end, exits } })).toHaveLength(500);
  });

  test("whatever JSON it is", () => {
    const part = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom<unknown>({}, end, { kind: "go-to", config: { step: "a" } }, "a"),
    );
    const flow = fc.record(
      {
        schema: fc.constantFrom(1, 2),
        name: fc.constant("x"),
        entries: fc.oneof(fc.dictionary(fc.constantFrom("a", "b"), part), part),
        steps: fc.oneof(fc.dictionary(fc.constantFrom("a", "b", "toString"), part), part),
        reentry: part,
        exitWhen: part,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(flow, fc.jsonValue()), (value) => {
        const checked = validateFlow(value, registryWith());
        expect(checked.ok || checked.issues.length > 0).toBe(true);
      }),
    );
  });
});

test("200 steps that all lead to each other are checked in a moment", () => {
  const names = Array.from({ length: flowLimits.steps }, (_, index) => `s${index}`);
  const steps = Object.fromEntries(
    names.map((name, index) => {
      const next = (by: number) => names[(index + by) % names.length] ?? null;
      const read = { field: `steps.${next(7)}.x`, operator: "exists" };
      const paths = [1, 2, 3, 5, 8, 13, 21, 34].map((by) => ({ name: `p${by}`, when: read }));
      const exits = Object.fromEntries([
        ...paths.map(({ name: exit }, at) => [exit, next(at + 1)]),
        ["else", next(55)],
      ]);
      return [name, { kind: "condition", config: { paths }, exits }];
    }),
  );
  const begun = performance.now();
  expect(problems(steps)).toHaveLength(1);
  expect(performance.now() - begun).toBeLessThan(2000);
});
