import type { ZodType } from "zod";
import type { Json } from "../json.ts";

/**
 * What SQL may use: parameters are pushed to `params`, and `now` is the instant both meanings share. `activity` is there where conditions
 * may ask for what a contact has done.
 */
export type SqlContext = { params: unknown[]; now: Date; activity?: ActivitySql };

/** Where the activity of the contact in question is: each a query in brackets, over the newest of their sort. */
export type ActivitySql = {
  /** With columns payload (jsonb) and at. */
  events(name: string, params: unknown[]): string;
  /** With columns message_id, at, flow_id and step and link (text). */
  messages(type: string, params: unknown[]): string;
  /** A boolean: whether the contact is in the segment. */
  isInSegment(id: string, params: unknown[]): string;
};

/**
 * One operator with its two meanings, which say the same for every field and every valid value.
 * `matches` never throws; `field` is undefined when it is missing. `sql` gets a jsonb expression (SQL null when missing) and returns
 * a boolean expression that never raises an error; null counts as false. `valueRule` ends the sentence that begins with the name.
 */
export type Operator<Value = unknown> = {
  name: string;
  title: string;
  value: ZodType<Value>;
  valueRule: string;
  matches(field: Json | undefined, value: Value, now: Date): boolean;
  sql(field: string, value: Value, context: SqlContext): string;
  /** For operators that look at the clock: the first instant after `now`, in milliseconds, at which the answer is another; else infinity. */
  flipsAt?(field: Json | undefined, value: Value, now: Date): number;
};

/** Adds `text` to the parameters and returns its placeholder, typed as text so that every client sends it as it is. */
export function bindText(params: unknown[], text: string): string {
  return `$${params.push(text)}::text`;
}

/** Adds a JSON value to the parameters and returns it as a jsonb expression. */
export function bindJson(params: unknown[], value: Json | readonly Json[]): string {
  return `${bindText(params, JSON.stringify(value))}::jsonb`;
}

/** Adds numbers to the parameters and returns them as a float8[] expression. */
export function bindNumbers(params: unknown[], numbers: readonly number[]): string {
  return `${bindText(params, `{${numbers.join(",")}}`)}::float8[]`;
}

/** Adds a number to the parameters and returns it as an expression of `type`. */
export function bindNumber(params: unknown[], number: number, type: "float8" | "bigint"): string {
  return `${bindText(params, String(number))}::${type}`;
}
