import { expect, test } from "vitest";
import { reservedVariables } from "../../core/flow/run-scope.ts";
import type { JsonObject } from "../../core/json.ts";
import { describeStepKind, stepContext } from "../../testing/step-suite.ts";
import { setVariable } from "./run.ts";
import { maxVariablesLength } from "./schema.ts";

describeStepKind(setVariable, {
  good: [
    { config: { variables: { total: "{{ event.total }}" } } },
    {
      config: {
        variables: { greeting: "Hi {{ contact.email }}", list: [1, "{{ event.orderId }}"], gone: null, yes: true },
      },
    },
  ],
  bad: [
    { config: {}, path: "variables" },
    { config: { variables: {} }, path: "variables" },
    { config: { variables: { "1st": 1 } }, path: "variables.1st" },
    { config: { variables: { "a-b": 1 } }, path: "variables.a-b" },
    ...reservedVariables.map((name) => ({ config: { variables: { [name]: 1 } }, path: `variables.${name}` })),
    { config: { variables: { a: "{{ nobody.x }}" } }, path: "variables.a" },
    { config: { variables: { a: ["{% if %}"] } }, path: "variables.a[0]" },
    {
      config: { variables: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`v${n}`, n])) },
      path: "variables",
    },
  ],
});

function set(variables: JsonObject, event?: JsonObject) {
  return setVariable.run(setVariable.config.parse({ variables }), stepContext({}, event));
}

test("sets values of the type that the template gives, and removes what is null or nothing", () => {
  expect(
    set({ total: "{{ event.total }}", text: "No. {{ event.orderId }}", old: null, lost: "{{ event.nope }}" }),
  ).toEqual({
    kind: "go",
    exit: "next",
    vars: { total: 12.5, text: "No. o-1", old: null, lost: null },
    detail: { set: { total: 12.5, text: "No. o-1" }, removed: ["old", "lost"] },
  });
});

test("the trail shows the length of long values in their place", () => {
  expect(set({ long: "{{ event.long }}" }, { long: "x".repeat(600) })).toMatchObject({
    detail: { set: { long: "(602 characters)" } },
  });
});

test("more than a run can hold fails the step, what it has already counted in", () => {
  const half = "x".repeat(maxVariablesLength / 2);
  expect(set({ a: "{{ event.half }}" }, { half }).kind).toBe("go");
  expect(set({ a: "{{ event.half }}", b: "{{ event.half }}" }, { half })).toMatchObject({
    kind: "fail",
    reason: "variables_too_large",
  });
  const context = stepContext({}, { half });
  const full = { ...context, scope: { ...context.scope, run: { ...context.scope.run, c: half } } };
  const config = setVariable.config.parse({ variables: { a: "{{ event.half }}" } });
  expect(setVariable.run(config, full)).toMatchObject({ kind: "fail", reason: "variables_too_large" });
});

test("a template that breaks a limit fails the step", () => {
  expect(set({ x: "a{% for i in (1..99999999) %}{% endfor %}" })).toMatchObject({ reason: "template_failed" });
});
