import { expect, test } from "vitest";
import type { StepContext } from "../../core/flow/step-kind.ts";
import type { JsonObject } from "../../core/json.ts";
import { stepContext } from "../../testing/step-suite.ts";
import { condition } from "./run.ts";

const now = new Date("2026-03-01T10:00:00Z");
const gold = { name: "gold", when: { field: "steps.loyalty.body.tier", operator: "is", value: "gold" } };
const large = { name: "large-order", when: { field: "event.total", operator: "atLeast", value: 100 } };
const config = { paths: [gold, large] };

function context(tier: string, total: number): StepContext {
  const steps: JsonObject = { loyalty: { body: { tier } } };
  const scope = { contact: {}, event: { total }, run: {}, steps, workspace: {} };
  return stepContext({ step: "branch", now, enteredAt: now, scope });
}

test.each([
  ["gold", 200, "gold"],
  ["silver", 100, "large-order"],
  ["silver", 99, "else"],
])("tier %s with a total of %d leaves by %s", (tier, total, exit) => {
  expect(condition.run(config, context(tier, total))).toMatchObject({ kind: "go", exit });
});

test("the detail explains the paths looked at, and no others", () => {
  expect(condition.run(config, context("gold", 5))).toEqual({
    kind: "go",
    exit: "gold",
    detail: { paths: [{ name: "gold", when: { ...gold.when, actual: "gold", result: true } }] },
  });
});

test("the exits are the paths and else", () => {
  expect(condition.exits(config)).toEqual(["gold", "large-order", "else"]);
});

test("accepts its own example", () => {
  expect(condition.config.parse(config)).toEqual(config);
});

test.each<[string, unknown, (string | number)[]]>([
  ["no path", { paths: [] }, ["paths"]],
  ["21 paths", { paths: Array.from({ length: 21 }, (_, index) => ({ ...gold, name: `p${index}` })) }, ["paths"]],
  ["the name else", { paths: [{ ...gold, name: "else" }] }, ["paths", 0, "name"]],
  ["a name with spaces", { paths: [{ ...gold, name: "Gold tier" }] }, ["paths", 0, "name"]],
  ["the same name twice", { paths: [gold, gold] }, ["paths", 1, "name"]],
  [
    "an unknown operator",
    { paths: [{ name: "gold", when: { and: [gold.when, { ...gold.when, operator: "equals" }] } }] },
    ["paths", 0, "when", "and", 1, "operator"],
  ],
])("refuses %s", (_, broken, path) => {
  expect(condition.config.safeParse(broken).error?.issues).toMatchObject([{ path }]);
});
