import type { Json } from "../../json.ts";
import { bindJson, bindNumber, bindNumbers, type Operator, type SqlContext } from "../operator.ts";
import { type Scalar, scalarListValue, scalarValue } from "../value-schemas.ts";

const oneRule = "needs text, a number, true or false as its value";
const manyRule = "needs a list of 1 to 500 texts, numbers or booleans as its value";

/** The field is a list with an item that is equal to the value, as `is` has it. */
export const includes: Operator<Scalar> = {
  name: "includes",
  title: "includes",
  value: scalarValue,
  valueRule: oneRule,
  matches: hasItem,
  sql: hasItemSql,
};

/** Holds for missing fields and for fields that are no list too. */
export const notIncludes: Operator<Scalar> = {
  name: "notIncludes",
  title: "does not include",
  value: scalarValue,
  valueRule: oneRule,
  matches: (field, value) => !hasItem(field, value),
  sql: (field, value, context) => `(${hasItemSql(field, value, context)}) is not true`,
};

export const includesAny: Operator<Scalar[]> = {
  name: "includesAny",
  title: "includes any of",
  value: scalarListValue,
  valueRule: manyRule,
  matches: (field, values) => values.some((value) => hasItem(field, value)),
  sql: (field, values, { params }) => {
    const { numbers, others } = byType(values);
    const tests: string[] = [];
    if (others.length > 0)
      tests.push(
        `exists (select from jsonb_array_elements(${bindJson(params, others)}) as item where ${field} @> item)`,
      );
    if (numbers.length > 0) tests.push(`staffetta_numbers(${field}) && ${bindNumbers(params, numbers)}`);
    return ifArray(field, tests.join(" or "));
  },
};

export const includesAll: Operator<Scalar[]> = {
  name: "includesAll",
  title: "includes all of",
  value: scalarListValue,
  valueRule: manyRule,
  matches: (field, values) => values.every((value) => hasItem(field, value)),
  sql: (field, values, { params }) => {
    const { numbers, others } = byType(values);
    const tests: string[] = [];
    if (others.length > 0) tests.push(`${field} @> ${bindJson(params, others)}`);
    if (numbers.length > 0) tests.push(`staffetta_numbers(${field}) @> ${bindNumbers(params, numbers)}`);
    return ifArray(field, tests.join(" and "));
  },
};

function hasItem(field: Json | undefined, value: Json): boolean {
  return Array.isArray(field) && field.some((item) => item === value);
}

function hasItemSql(field: string, value: Scalar, { params }: SqlContext): string {
  if (typeof value === "number") return `${bindNumber(params, value, "float8")} = any (staffetta_numbers(${field}))`;
  return ifArray(field, `${field} @> ${bindJson(params, value)}`);
}

/** A jsonb scalar contains itself, so containment alone would take the text "vip" for a list with one item. */
function ifArray(field: string, test: string): string {
  return `case when jsonb_typeof(${field}) = 'array' then ${test} end`;
}

function byType(values: readonly Scalar[]): { numbers: number[]; others: Scalar[] } {
  return {
    numbers: values.filter((value) => typeof value === "number"),
    others: values.filter((value) => typeof value !== "number"),
  };
}
