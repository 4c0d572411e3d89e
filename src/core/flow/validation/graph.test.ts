import { describe, expect, test } from "vitest";
import { definitionOf, registryWith } from "../../../testing/flow-fixture.ts";
import type { JsonObject } from "../../json.ts";
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
const call = (next: string | null) => ({
  kind: "http-action",
  config: { method: "GET", url: "https://example.com/" },
  exits: { success: next, error: next },
});
const goTo = (step: string) => ({ kind: "go-to", config: { step } });
const goal = (next: string | null, config: JsonObject = { event: "won" }) => ({
  kind: "goal",
  config,
  exits: { next },
});
function problems(steps: JsonObject, changes: JsonObject = {}): [string, string][] {
  const checked = validateFlow(definitionOf(steps, changes), registryWith());
  return checked.ok ? [] : checked.issues.map(({ path, message }) => [path, message]);
}

describe("a loop", () => {
  test.each<[string, JsonObject]>([
    ["a wait", { a: tag("b"), b: wait("a") }],
    ["an HTTP action", { a: tag("b"), b: call("a") }],
    ["a wait, by go-to", { a: tag("b"), b: wait("c"), c: goTo("a") }],
  ])("is sound with %s in it", (_name, steps) => {
    expect(problems(steps)).toEqual([]);
  });

  test.each<[string, JsonObject, string, RegExp]>([
    ["of one step", { a: tag("a") }, "steps.a", /^this step leads to itself with nothing/],
    ["of a go-to alone", { a: goTo("a") }, "steps.a", /^this step leads to itself/],
    ["of three", { a: tag("b"), b: tag("c"), c: goTo("a") }, "steps.a", /^the steps a, b, c lead to each other/],
    ["behind a wait", { w: wait("a"), a: tag("b"), b: tag("a") }, "steps.a", /^the steps a, b lead/],
    [
      "with a named instant, which comes once",
      { a: { kind: "wait", config: { until: "2030-01-01" }, exits: { next: "a" } } },
      "steps.a",
      /^this step leads/,
    ],
  ])("%s in which nothing waits is told once", (...[, steps, path, message]) => {
    expect(problems(steps)).toEqual([[path, expect.stringMatching(message)]]);
  });

  test("is told beside another one", () => {
    const steps = { a: tag("b"), b: tag("a"), c: tag("c") };
    const entries = ["a", "c"].map((next) => [next, { kind: "event", config: { event: "go" }, next }]);
    const found = problems(steps, { entries: Object.fromEntries(entries) });
    expect(found.map(([path]) => path)).toEqual(["steps.a", "steps.c"]);
  });

  test("of many steps names some of them", () => {
    const names = Array.from({ length: 30 }, (_, index) => `s${index}`);
    const steps = Object.fromEntries(names.map((name, index) => [name, tag(names[(index + 1) % 30] ?? null)]));
    expect(problems(steps)).toEqual([["steps.s0", expect.stringMatching(/s8, s9, \.\.\. lead/)]]);
  });
});

describe("a step is reached", () => {
  test.each<[string, JsonObject]>([
    ["by go-to", { a: goTo("b"), b: end }],
    ["as a goal, from anywhere", { a: wait(null), b: goal("c"), c: end }],
  ])("%s", (_name, steps) => {
    expect(problems(steps)).toEqual([]);
  });

  test("not as a goal that only an exit could lead to", () => {
    expect(problems({ a: wait(null), b: goal("c", {}), c: end }).map(([path]) => path)).toEqual(["steps.b", "steps.c"]);
  });

  test("perhaps, as long as a go-to cannot be read", () => {
    expect(problems({ a: { kind: "go-to", config: {} }, b: end }).map(([path]) => path)).toEqual([
      "steps.a.config.step",
    ]);
  });

  test("never by a go-to that leads to no step", () => {
    expect(problems({ a: goTo("z") })).toEqual([["steps.a.config.step", 'there is no step "z"']]);
  });
});
