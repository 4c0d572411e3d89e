import { z } from "zod";
import { parseInstant } from "./condition/instant.ts";
import { isStorableText } from "./condition/storable-text.ts";
import type { Issue } from "./errors.ts";
import { joinPath } from "./issues.ts";
import type { Json } from "./json.ts";
import { propertyNameSchema } from "./property-name.ts";

export const fieldTypes = ["text", "number", "date", "boolean", "options"] as const;
export type FieldType = (typeof fieldTypes)[number];

/** What a field can hold; null is nothing. */
export type FieldScalar = string | number | boolean | null;

export const listFieldLimits = { fields: 100, options: 200, textLength: 10_000 } as const;

/**
 * What a list wants to know of its members: a value that they keep as the property called `placeholder`. `number` is the field's own for
 * ever, `default` what forms and importers may put in where nothing is said.
 */
export type ListField = {
  number: number;
  placeholder: string;
  name: string;
  type: FieldType;
  options: string[];
  default: FieldScalar;
  adminOnly: boolean;
};

const optionSchema = shortText("must have 1 to 200 characters, none of them U+0000");

/** A field as a person writes it. Without a number it is a new one. */
export const listFieldSchema = z.strictObject({
  number: z.int().positive().optional().describe("The field's own; a new field gets one."),
  placeholder: propertyNameSchema.describe("The contact property that holds the value."),
  name: shortText("must have 1 to 200 characters, none of them U+0000"),
  type: z.enum(fieldTypes),
  options: z.array(optionSchema).max(listFieldLimits.options).optional().describe("For the type options: its values."),
  default: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional(),
  adminOnly: z.boolean().optional().describe("Not to be shown in forms."),
});
export type ListFieldInput = z.output<typeof listFieldSchema>;

function shortText(error: string) {
  return z
    .string()
    .trim()
    .min(1, error)
    .max(200, error)
    .refine((text) => isStorableText(text), error);
}

/** What the schema of single fields cannot say: each placeholder and number once, options where they belong, and a default that fits. */
export function checkListFields(fields: readonly ListFieldInput[], path = "fields"): Issue[] {
  if (fields.length > listFieldLimits.fields)
    return [{ path, message: `must be at most ${listFieldLimits.fields} fields` }];
  const issues = fields.flatMap((field, index) => fieldIssues(field, joinPath(path, [index])));
  for (const key of ["placeholder", "number"] as const) issues.push(...doubles(fields, key, path));
  return issues;
}

/** The field with everything that it may leave out; `number` is for one that has none yet. */
export function completeField(field: ListFieldInput, number: number): ListField {
  const { placeholder, name, type, options = [], adminOnly = false } = field;
  const complete = { number: field.number ?? number, placeholder, name, type, options, default: null, adminOnly };
  const fallback = readFieldValue(complete, field.default ?? null);
  return { ...complete, default: fallback.ok ? fallback.value : null };
}

function fieldIssues(field: ListFieldInput, path: string): Issue[] {
  const { type, options = [] } = field;
  const at = (name: string) => joinPath(path, [name]);
  if (type !== "options" && options.length > 0)
    return [{ path: at("options"), message: "is only for fields of the type options" }];
  if (type === "options" && options.length === 0)
    return [{ path: at("options"), message: "must name at least one option" }];
  if (new Set(options).size < options.length) return [{ path: at("options"), message: "must differ from each other" }];
  const value = readFieldValue({ type, options }, field.default ?? null);
  return value.ok ? [] : [{ path: at("default"), message: value.message }];
}

function doubles(fields: readonly ListFieldInput[], key: "placeholder" | "number", path: string): Issue[] {
  const seen = new Set<unknown>();
  return fields.flatMap((field, index) => {
    const value = field[key];
    if (value === undefined) return [];
    const isDouble = seen.has(value);
    seen.add(value);
    return isDouble ? [{ path: joinPath(path, [index, key]), message: "is that of another field of the list" }] : [];
  });
}

export type FieldValue = { ok: true; value: FieldScalar } | { ok: false; message: string };

/**
 * A value as the field keeps it, so that conditions can compare it: numbers and truths that came as text become such, dates ISO 8601. Nothing and
 * the empty text are null, which removes the property.
 */
export function readFieldValue({ type, options }: Pick<ListField, "type" | "options">, value: Json): FieldValue {
  const given = typeof value === "string" ? value.trim() : value;
  if (given === null || given === "") return { ok: true, value: null };
  if (typeof given === "object") return refused("must be a text, a number, true or false");
  return readers[type](given, options);
}

type Reader = (value: string | number | boolean, options: readonly string[]) => FieldValue;

const readers: Record<FieldType, Reader> = {
  text: readText,
  number: readNumber,
  date: readDate,
  boolean: readBoolean,
  options: (value, options) =>
    options.includes(String(value)) ? accepted(String(value)) : refused(`must be one of: ${listed(options)}`),
};

function readText(value: string | number | boolean): FieldValue {
  const text = String(value);
  if (text.length > listFieldLimits.textLength)
    return refused(`must have at most ${listFieldLimits.textLength} characters`);
  return isStorableText(text) ? accepted(text) : refused("must not contain U+0000 or half of a surrogate pair");
}

function readNumber(value: string | number | boolean): FieldValue {
  if (typeof value === "number") return accepted(value);
  const isDecimal = typeof value === "string" && /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d{1,3})?$/i.test(value);
  const number = isDecimal ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? accepted(number) : refused("must be a number such as 12.5");
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ...["true", "1", "yes", "on"].map((word) => [word, true] as const),
  ...["false", "0", "no", "off"].map((word) => [word, false] as const),
]);

function readBoolean(value: string | number | boolean): FieldValue {
  const truth = truths.get(String(value).toLowerCase());
  return truth === undefined ? refused("must be true or false (or 1, 0, yes, no)") : accepted(truth);
}

/** ISO 8601 as it is; `01/03/2026` and `2026-03-01 10:00:00` (taken for UTC) as it would write them. */
function readDate(value: string | number | boolean): FieldValue {
  const text = String(value)
    .replace(/^(\d{2})\/(\d{2})\/(\d{4})$/, "$3-$2-$1")
    .replace(/^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}(:\d{2})?)$/, "$1T$2Z");
  if (parseInstant(text) !== null) return accepted(text);
  return refused("must be a date such as 2026-03-01 or an instant such as 2026-03-01T10:00:00Z");
}

function accepted(value: FieldScalar): FieldValue {
  return { ok: true, value };
}

function refused(message: string): FieldValue {
  return { ok: false, message };
}

function listed(options: readonly string[]): string {
  const shown = options.slice(0, 10).join(", ");
  return options.length > 10 ? `${shown}, …` : shown;
}
