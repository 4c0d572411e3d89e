import type { Json } from "../../json.ts";
import { bindJson, bindNumber, type Operator, type SqlContext } from "../operator.ts";
import { type Scalar, scalarValue } from "../value-schemas.ts";

const valueRule = "needs text, a number, true or false as its value";

/** Equal by type and value: the text "5" is not the number 5, and case counts. */
export const is: Operator<Scalar> = {
  name: "is",
  title: "is",
  value: scalarValue,
  valueRule,
  matches: (field, value) => field === value,
  sql: equals,
};

/** Holds for missing fields and for fields of another type too. */
export const isNot: Operator<Scalar> = {
  name: "isNot",
  title: "is not",
  value: scalarValue,
  valueRule,
  matches: (field: Json | undefined, value) => field !== value,
  sql: (field, value, context) => `(${equals(field, value, context)}) is not true`,
};

function equals(field: string, value: Scalar, { params }: SqlContext): string {
  // jsonb compares numbers as decimals, JavaScript as doubles: 0.1 + 0.2 or a number of 20 digits would part the two.
  if (typeof value === "number") return `staffetta_number(${field}) = ${bindNumber(params, value, "float8")}`;
  return `${field} = ${bindJson(params, value)}`;
}
