import { expect, test } from "vitest";
import type { Json } from "../../json.ts";
import { findOperator, operators } from "./index.ts";

const now = new Date("2026-03-01T10:00:00Z");

function matches(name: string, field: Json | undefined, value?: Json): boolean {
  const operator = findOperator(name);
  if (!operator) throw new Error(`There is no operator ${name}.`);
  return operator.matches(field, operator.value.parse(value), now);
}

const odd: (Json | undefined)[] = [undefined, null, "", "5", 5, true, [], [["vip"]], {}, { x: 1 }];
const others = (...own: Json[]) => odd.filter((field) => !own.some((value) => value === field));

/** Operator, value, fields it holds for, fields it does not hold for. */
const table: [string, Json | undefined, (Json | undefined)[], (Json | undefined)[]][] = [
  ["is", "5", ["5"], [...others("5"), "5 ", "٥"]],
  ["is", 5, [5, 5.0], others(5)],
  ["is", 0, [0, -0], ["0", false, null, undefined]],
  ["is", true, [true], [...others(true), "true", 1]],
  ["is", 1e308, [1e308], [1e307, "1e308"]],
  ["isNot", "5", others("5"), ["5"]],
  ["isNot", 0, [1, "0", undefined, null], [0, -0]],
  ["in", ["5", 7, false], ["5", 7, false], [...others("5"), ["5"], "7"]],
  ["notIn", ["5", 7], [...others("5"), ["5"]], ["5", 7]],
  ["contains", "PRO", ["pro", "my Pro plan"], [...odd, ["pro"], "p ro"]],
  ["contains", "caffè", ["IL CAFFÈ"], ["caffe", "caffe\u0300"]],
  ["contains", "50%", ["50% off"], ["500"]],
  ["notContains", "pro", [...odd, ["pro"], "free"], ["Pro"]],
  ["startsWith", "+39", ["+39 02"], [...odd, "39", " +39"]],
  ["endsWith", "@EXAMPLE.com", ["ann@example.COM"], [...odd, "ann@example.com "]],
  ["endsWith", "ΟΔΟΣ", ["οδος", "ΟΔΟΣ", "οδοσ"], ["οδο"]],
  ["greaterThan", 5, [6, 5.0000001, 1e308], [...odd, 5, 4, "6"]],
  ["atLeast", 5, [5, 6], [...others(5), 4, "6"]],
  ["lessThan", 5, [4, -1e308, 0, -0], [...odd, 5, 6, "4"]],
  ["atMost", 5, [5, 4], [...others(5), 6, "4"]],
  ["between", [1, 5], [1, 3, 5], [...others(5), 0.9, 5.1, "3"]],
  ["before", "2026-03-01", ["2026-02-28", "2026-03-01T00:30:00+01:00"], [...odd, "2026-03-01", "2026-02-30"]],
  ["before", "now", ["2026-03-01T09:59:59.999Z"], ["2026-03-01T10:00:00Z", "now"]],
  [
    "after",
    "2026-03-01T10:00:00Z",
    ["2026-03-01T10:00:00.001Z", "2026-03-02"],
    [...odd, "2026-03-01T11:00:00+01:00", "tomorrow", 1e15],
  ],
  [
    "onDate",
    "2026-03-01",
    ["2026-03-01", "2026-03-01T23:59:59.999Z", "2026-03-02T00:30+01:00"],
    [...odd, "2026-03-02", "2026-02-28T23:59:59Z"],
  ],
  [
    "withinLast",
    { amount: 7, unit: "days" },
    ["2026-03-01T10:00:00Z", "2026-02-22T10:00:00Z"],
    [...odd, "2026-02-22", "2026-03-01T10:00:00.001Z"],
  ],
  ["withinLast", { amount: 1, unit: "months" }, ["2026-02-01T10:00:00Z"], ["2026-02-01T09:59:59Z"]],
  [
    "withinNext",
    { amount: 1, unit: "hours" },
    ["2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"],
    [...odd, "2026-03-01T11:00:01Z", "2026-03-01"],
  ],
  ["exists", undefined, ["", "5", 5, true, false, [], {}, 0], [undefined, null]],
  ["missing", undefined, [undefined, null], ["", 0, false, [], {}]],
  ["isEmpty", undefined, [undefined, null, "", []], [" ", 0, false, {}, [null], [""]]],
  ["isTrue", undefined, [true], [...others(true), "true", 1, false]],
  ["isFalse", undefined, [false], [...odd, "false", 0]],
  ["includes", "vip", [["vip"], ["new", "vip", "vip"]], [...odd, "vip", ["VIP"], [{ vip: "vip" }]]],
  ["includes", 0, [[-0], [1, 0]], [["0"], [false], [null], 0]],
  ["notIncludes", "vip", [...odd, "vip", ["new"]], [["vip"]]],
  ["includesAny", ["vip", 5], [["vip"], [5, 6]], [...odd, ["5"], "vip"]],
  [
    "includesAll",
    ["vip", 5, 5],
    [
      ["vip", 5],
      [5, "x", "vip"],
    ],
    [...odd, ["vip"], [5]],
  ],
];

test.each(table)("%s %j holds for what it should, and for nothing else", (...[name, value, holding, failing]) => {
  expect(holding.filter((field) => !matches(name, field, value))).toEqual([]);
  expect(failing.filter((field) => matches(name, field, value))).toEqual([]);
});

test("the table has every operator", () => {
  expect([...new Set(table.map(([name]) => name))].sort()).toEqual(operators.map(({ name }) => name).sort());
});

test.each(table.map(([name]) => name))("%s never throws, whatever the field holds", (name) => {
  const value = table.find(([other]) => other === name)?.[1];
  for (const field of odd) expect(typeof matches(name, field, value)).toBe("boolean");
});

test.each<[string, Json | undefined]>([
  ["is", null],
  ["is", {}],
  ["in", []],
  ["contains", ""],
  ["contains", 5],
  ["atLeast", "5"],
  ["between", [5, 1]],
  ["between", [1]],
  ["before", "2026-02-30"],
  ["after", "2026-03-01T10:00:00"],
  ["onDate", "2026-03-01T10:00:00Z"],
  ["withinLast", { amount: 0, unit: "days" }],
  ["withinLast", { amount: 1.5, unit: "days" }],
  ["withinNext", { amount: 1, unit: "fortnights" }],
  ["withinNext", { amount: 11 * 366, unit: "days" }],
  ["exists", null],
  ["includes", ["vip"]],
  ["includesAll", "vip"],
])("%s refuses the value %j", (name, value) => {
  expect(findOperator(name)?.value.safeParse(value).success).toBe(false);
});
