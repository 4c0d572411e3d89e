import type { Json } from "../../json.ts";
import type { Operator } from "../operator.ts";
import { noValue } from "../value-schemas.ts";

const valueRule = "takes no value";

/** The field is there. JSON null counts as missing; empty text, an empty list and false exist. */
export const exists: Operator<undefined> = {
  name: "exists",
  title: "exists",
  value: noValue,
  valueRule,
  matches: (field) => !isMissing(field),
  sql: (field) => `jsonb_typeof(${field}) <> 'null'`,
};

export const missing: Operator<undefined> = {
  name: "missing",
  title: "is missing",
  value: noValue,
  valueRule,
  matches: isMissing,
  sql: (field) => `coalesce(jsonb_typeof(${field}), 'null') = 'null'`,
};

/** Missing, null, the empty text or the empty list. An object without fields is not empty. */
export const isEmpty: Operator<undefined> = {
  name: "isEmpty",
  title: "is empty",
  value: noValue,
  valueRule,
  matches: (field) => isMissing(field) || field === "" || (Array.isArray(field) && field.length === 0),
  sql: (field) => `coalesce(${field}, 'null') in ('null', '""', '[]')`,
};

export const isTrue: Operator<undefined> = {
  name: "isTrue",
  title: "is true",
  value: noValue,
  valueRule,
  matches: (field) => field === true,
  sql: (field) => `${field} = 'true'::jsonb`,
};

/** Only the value false itself: a missing field is not false. */
export const isFalse: Operator<undefined> = {
  name: "isFalse",
  title: "is false",
  value: noValue,
  valueRule,
  matches: (field) => field === false,
  sql: (field) => `${field} = 'false'::jsonb`,
};

function isMissing(field: Json | undefined): boolean {
  return field === undefined || field === null;
}
