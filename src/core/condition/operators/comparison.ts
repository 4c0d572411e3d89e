import { bindNumber, type Operator } from "../operator.ts";
import { numberValue, rangeValue } from "../value-schemas.ts";

type Comparison = {
  name: string;
  title: string;
  sign: ">" | ">=" | "<" | "<=";
  compare: (field: number, value: number) => boolean;
};

export const greaterThan = comparison({
  name: "greaterThan",
  title: "is greater than",
  sign: ">",
  compare: (field, value) => field > value,
});
export const atLeast = comparison({
  name: "atLeast",
  title: "is at least",
  sign: ">=",
  compare: (field, value) => field >= value,
});
export const lessThan = comparison({
  name: "lessThan",
  title: "is less than",
  sign: "<",
  compare: (field, value) => field < value,
});
export const atMost = comparison({
  name: "atMost",
  title: "is at most",
  sign: "<=",
  compare: (field, value) => field <= value,
});

/** From the first number to the second, both included. */
export const between: Operator<[number, number]> = {
  name: "between",
  title: "is between",
  value: rangeValue,
  valueRule: "needs two numbers, the lower first, as its value",
  matches: (field, [low, high]) => typeof field === "number" && field >= low && field <= high,
  sql: (field, [low, high], { params }) =>
    `staffetta_number(${field}) between ${bindNumber(params, low, "float8")} and ${bindNumber(params, high, "float8")}`,
};

/** Holds only when the field is a number: text that looks like one is not compared. */
function comparison({ name, title, sign, compare }: Comparison): Operator<number> {
  return {
    name,
    title,
    value: numberValue,
    valueRule: "needs a number as its value",
    matches: (field, value) => typeof field === "number" && compare(field, value),
    sql: (field, value, { params }) => `staffetta_number(${field}) ${sign} ${bindNumber(params, value, "float8")}`,
  };
}
