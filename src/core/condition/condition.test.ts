import { expect, test } from "vitest";
import type { Json } from "../json.ts";
import { type Condition, checkCondition, conditionFields, conditionSchema, evaluate, explain } from "./condition.ts";
import { conditionLimits } from "./limits.ts";

const now = new Date("2026-03-01T10:00:00Z");
const yes: Condition = { field: "contact.plan", operator: "is", value: "pro" };
const no: Condition = { field: "contact.plan", operator: "is", value: "free" };
const scope = { contact: { plan: "pro", tags: ["vip", "new"] }, event: { items: [{ price: 12.5 }] } };

test.each<[Condition, boolean]>([
  [{ and: [yes, yes] }, true],
  [{ and: [yes, no] }, false],
  [{ or: [no, yes] }, true],
  [{ or: [no, no] }, false],
  [{ not: no }, true],
  [{ not: { and: [yes, { not: no }] } }, false],
  [{ field: "event.items[0].price", operator: "greaterThan", value: 12 }, true],
  [{ not: { field: "event.items[1].price", operator: "greaterThan", value: 12 } }, true],
])("%j is %s", (condition, result) => {
  expect(evaluate(condition, scope, now)).toBe(result);
});

test("explains each part with the value it found", () => {
  const condition: Condition = { and: [yes, { not: { field: "contact.city", operator: "exists" } }, no] };
  expect(explain(condition, scope, now)).toEqual({
    and: [
      { ...yes, actual: "pro", result: true },
      { not: { field: "contact.city", operator: "exists", result: false }, result: true },
      { ...no, actual: "pro", result: false },
    ],
    result: false,
  });
});

test("explains an or by its parts too, and shows null as what was found", () => {
  const plan: Condition = { field: "contact.plan", operator: "missing" };
  expect(explain({ or: [plan] }, { contact: { plan: null } }, now)).toEqual({
    or: [{ ...plan, actual: null, result: true }],
    result: true,
  });
});

test.each<[string, Json, Json]>([
  ["long text", "x".repeat(600), `${"x".repeat(500)}…`],
  ["half a surrogate pair at the cut", `${"x".repeat(499)}😀😀`, `${"x".repeat(499)}…`],
  ["a large object", { list: Array(300).fill(1) }, `${JSON.stringify({ list: Array(300).fill(1) }).slice(0, 500)}…`],
])("an explanation cuts %s", (_, plan, actual) => {
  expect(explain({ field: "contact.plan", operator: "exists" }, { contact: { plan } }, now)).toMatchObject({ actual });
});

test("lists the fields a condition reads, each once", () => {
  const condition: Condition = { or: [yes, { not: no }, { and: [{ field: "event.total", operator: "exists" }] }] };
  expect(conditionFields(condition)).toEqual(["contact.plan", "event.total"]);
});

test("a valid condition comes out of the schema as it went in", () => {
  const condition = {
    and: [yes, { not: { or: [no, { field: "contact.tags", operator: "includesAny", value: ["vip", 1, true] }] } }],
  };
  expect(conditionSchema.parse(condition)).toEqual(condition);
});

test("the schema writes a condition back out, as answers need it", () => {
  expect(conditionSchema.encode({ and: [yes] })).toEqual({ and: [yes] });
});

function nested(depth: number): Condition {
  return depth === 1 ? yes : { not: nested(depth - 1) };
}

test.each<[string, unknown, string, string]>([
  ["something else than an object", "contact.plan", "", "is an object"],
  ["null", null, "", "is an object"],
  ["an empty object", {}, "", "exactly one of and, or, not, field, event, message and segment"],
  [
    "two forms at once",
    { and: [yes], or: [yes] },
    "",
    "exactly one of and, or, not, field, event, message and segment",
  ],
  ["an unknown key", { ...yes, values: [1] }, "values", 'key "values" is not known'],
  ["an empty list", { and: [] }, "and", "at least one condition"],
  ["a list that is none", { or: yes }, "or", "at least one condition"],
  [
    "an unknown operator",
    { and: [yes, { ...yes, operator: "equals" }] },
    "and[1].operator",
    'The operator "equals" is not known. Known are is, isNot,',
  ],
  ["a name from the prototype", { ...yes, operator: "constructor" }, "operator", "is not known"],
  ["no operator", { field: "contact.plan" }, "operator", "needs an operator"],
  [
    "a value of the wrong type",
    { not: { field: "contact.age", operator: "atLeast", value: "18" } },
    "not.value",
    '"atLeast" needs a number as its value.',
  ],
  [
    "a wrong item",
    { field: "contact.plan", operator: "in", value: ["a", null] },
    "value[1]",
    '"in" needs a list of 1 to 500',
  ],
  [
    "a value where none belongs",
    { field: "contact.plan", operator: "exists", value: true },
    "value",
    '"exists" takes no value.',
  ],
  ["no value", { field: "contact.plan", operator: "is" }, "value", '"is" needs text'],
  ["a field without a root", { ...yes, field: "plan" }, "field", "begins with contact, event, run, steps, workspace"],
  ["a root alone", { ...yes, field: "contact" }, "field", "names something inside contact"],
  ["a broken path", { ...yes, field: "contact..plan" }, "field", "is a path such as contact.plan"],
  ["a field that is no text", { ...yes, field: 5 }, "field", "is text of at most 500 characters"],
  ["U+0000 in a field", { ...yes, field: "contact.a\0" }, "field", "is a path such as"],
  ["U+0000 in a value", { ...yes, value: "a\0" }, "value", '"is" needs text'],
  ["half a surrogate pair", { ...yes, value: "\ud800" }, "value", '"is" needs text'],
  ["too long a value", { ...yes, value: "x".repeat(conditionLimits.valueLength) }, "value", "at most 16384 characters"],
  ["too many items", { ...yes, operator: "in", value: Array(501).fill(1) }, "value", "list of 1 to 500"],
  ["too deep a nesting", nested(9), Array(8).fill("not").join("."), "at most 8 levels deep"],
  ["too many parts", { or: Array(100).fill(yes) }, "", "at most 100 parts"],
])("refuses %s, naming the field and the rule", (...[, condition, path, message]) => {
  expect(checkCondition(condition)).toEqual([{ path, message: expect.stringContaining(message) }]);
  expect(conditionSchema.safeParse(condition).error?.issues).toMatchObject([
    { message: expect.stringContaining(message) },
  ]);
});

test("accepts a condition that is as large as the limits allow", () => {
  expect(checkCondition(nested(8))).toEqual([]);
  expect(checkCondition({ or: Array(99).fill(yes) })).toEqual([]);
  expect(checkCondition({ ...yes, operator: "in", value: Array(500).fill(1) })).toEqual([]);
});

test("a value nested beyond any stack is refused like any other", () => {
  const deep: Json = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  expect(checkCondition({ ...yes, value: deep })).toMatchObject([{ path: "value" }]);
});

test("conditions nested beyond any stack are refused like any other", () => {
  const deep: unknown = JSON.parse(`${'{"not":'.repeat(100_000)}{}${"}".repeat(100_000)}`);
  expect(conditionSchema.safeParse(deep).error?.issues).toMatchObject([{ path: Array(8).fill("not") }]);
});
