import type { Json } from "../../json.ts";
import { fold } from "../fold.ts";
import { bindText, type Operator, type SqlContext } from "../operator.ts";
import { textValue } from "../value-schemas.ts";

const valueRule = "needs text that is not empty as its value";

/** The field is text with the value in it; case does not count. */
export const contains: Operator<string> = {
  name: "contains",
  title: "contains",
  value: textValue,
  valueRule,
  matches: hasPart,
  sql: hasPartSql,
};

/** Holds for missing fields and for fields that are no text too. */
export const notContains: Operator<string> = {
  name: "notContains",
  title: "does not contain",
  value: textValue,
  valueRule,
  matches: (field, value) => !hasPart(field, value),
  sql: (field, value, context) => `(${hasPartSql(field, value, context)}) is not true`,
};

/** The field is text that begins with the value; case does not count. */
export const startsWith: Operator<string> = {
  name: "startsWith",
  title: "starts with",
  value: textValue,
  valueRule,
  matches: (field, value) => typeof field === "string" && fold(field).startsWith(fold(value)),
  sql: (field, value, { params }) =>
    `starts_with(staffetta_fold(staffetta_text(${field})), ${bindText(params, fold(value))})`,
};

/** The field is text that ends with the value; case does not count. */
export const endsWith: Operator<string> = {
  name: "endsWith",
  title: "ends with",
  value: textValue,
  valueRule,
  matches: (field, value) => typeof field === "string" && fold(field).endsWith(fold(value)),
  sql: (field, value, { params }) => {
    const end = bindText(params, fold(value));
    return `right(staffetta_fold(staffetta_text(${field})), length(${end})) = ${end}`;
  },
};

function hasPart(field: Json | undefined, value: string): boolean {
  return typeof field === "string" && fold(field).includes(fold(value));
}

function hasPartSql(field: string, value: string, { params }: SqlContext): string {
  return `strpos(staffetta_fold(staffetta_text(${field})), ${bindText(params, fold(value))}) > 0`;
}
