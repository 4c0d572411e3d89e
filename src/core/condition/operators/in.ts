import type { Json } from "../../json.ts";
import { bindJson, bindNumbers, type Operator, type SqlContext } from "../operator.ts";
import { type Scalar, scalarListValue } from "../value-schemas.ts";

const valueRule = "needs a list of 1 to 500 texts, numbers or booleans as its value";

/** Equal, as `is` has it, to one of the values. */
export const isIn: Operator<Scalar[]> = {
  name: "in",
  title: "is one of",
  value: scalarListValue,
  valueRule,
  matches: isOneOf,
  sql: oneOf,
};

/** Holds for missing fields too. */
export const notIn: Operator<Scalar[]> = {
  name: "notIn",
  title: "is none of",
  value: scalarListValue,
  valueRule,
  matches: (field, values) => !isOneOf(field, values),
  sql: (field, values, context) => `(${oneOf(field, values, context)}) is not true`,
};

function isOneOf(field: Json | undefined, values: readonly Json[]): boolean {
  return field !== undefined && values.some((value) => value === field);
}

function oneOf(field: string, values: readonly Scalar[], { params }: SqlContext): string {
  const numbers = values.filter((value) => typeof value === "number");
  const others = values.filter((value) => typeof value !== "number");
  const tests: string[] = [];
  // The type comes first: an array whose items are all in the list is contained in it as well.
  if (others.length > 0)
    tests.push(`(jsonb_typeof(${field}) in ('string', 'boolean') and ${bindJson(params, others)} @> ${field})`);
  if (numbers.length > 0) tests.push(`staffetta_number(${field}) = any (${bindNumbers(params, numbers)})`);
  return tests.join(" or ");
}
