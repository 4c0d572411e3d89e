import { z } from "zod";
import { isStorableText } from "./condition/storable-text.ts";
import type { Issue } from "./errors.ts";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { parseJson } from "./parse-json.ts";

/** What a variable of an event can be: text, a number, a day (YYYY-MM-DD), or a list of objects. */
export const variableTypes = ["string", "number", "date", "structure"] as const;
export type VariableType = (typeof variableTypes)[number];

/** What an event is declared to carry. */
export type EventVariable = { name: string; type: VariableType };

/** What every event carries beside its variables: who it is about, and which flow alone it is meant for. */
export const systemVariables = ["email", "phone", "automation_id"] as const;

/** The most that a declared text may hold, in characters. */
export const maxTextLength = 255;

const maxVariables = 100;
const maxNameLength = 128;

const variableNameSchema = z
  .string()
  .min(1)
  .max(maxNameLength)
  .refine(isStorableText, "must not contain U+0000 or half of a surrogate pair")
  .refine((name) => name !== "__proto__", "is not allowed as a name")
  .refine((name) => !isSystemVariable(name), "is part of every event, and is not declared");

/** The declared variables of one event, each once. */
export const eventVariablesSchema = z
  .array(z.strictObject({ name: variableNameSchema, type: z.enum(variableTypes) }))
  .max(maxVariables)
  .refine(
    (variables) => new Set(variables.map(({ name }) => name)).size === variables.length,
    "must have different names",
  );

/** Variables as a first call shows them. What is of no declared type (a truth value, a list of texts) stays undeclared. */
export function guessVariables(payload: JsonObject): EventVariable[] {
  return Object.entries(payload)
    .flatMap(([name, value]): EventVariable[] => {
      const type = variableNameSchema.safeParse(name).success ? guessType(value) : null;
      return type === null ? [] : [{ name, type }];
    })
    .slice(0, maxVariables);
}

function guessType(value: Json): VariableType | null {
  if (typeof value === "string") return isDay(value) ? "date" : "string";
  if (typeof value === "number") return "number";
  return isStructure(value) ? "structure" : null;
}

/**
 * Brings the variables of a call to their declared types where that loses nothing: forms send numbers and lists as text. What is not as
 * declared stays as it came, for an event must not be lost over a variable; `issues` says which.
 */
export function readVariables(
  declared: readonly EventVariable[],
  given: JsonObject,
): { payload: JsonObject; issues: Issue[] } {
  let payload = given;
  const issues: Issue[] = [];
  for (const { name, type } of declared) {
    if (!Object.hasOwn(given, name)) continue;
    const value = given[name] as Json;
    // Some clients write null for what they do not have.
    if (value === null) continue;
    const read = readers[type](value);
    if (read === undefined) issues.push({ path: name, message: `is declared as ${descriptions[type]}` });
    else if (read !== value) payload = { ...payload, [name]: read };
  }
  return { payload, issues };
}

const descriptions: Record<VariableType, string> = {
  string: `text of at most ${maxTextLength} characters`,
  number: "a number",
  date: "a date such as 2026-03-01",
  structure: "a list of objects",
};

/** The value in its declared type; undefined when it is none, and cannot be made one without loss. */
const readers: Record<VariableType, (value: Json) => Json | undefined> = {
  string(value) {
    const text = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    return typeof text === "string" && text.length <= maxTextLength ? text : undefined;
  },
  number(value) {
    if (typeof value === "number") return value;
    return typeof value === "string" && /^\s*-?\d{1,15}(\.\d{1,15})?\s*$/.test(value) ? Number(value) : undefined;
  },
  date: (value) => (typeof value === "string" && isDay(value) ? value : undefined),
  structure(value) {
    if (isStructure(value)) return value;
    const parsed = typeof value === "string" && value.trimStart().startsWith("[") ? parseJson(value) : null;
    return parsed?.ok && isStructure(parsed.value) ? parsed.value : undefined;
  },
};

function isStructure(value: Json): boolean {
  return Array.isArray(value) && value.every(isJsonObject);
}

function isDay(text: string): boolean {
  if (!/^\d{4}-(0[1-9]|1[0-2])-\d{2}$/.test(text)) return false;
  const day = Number(text.slice(8));
  if (day <= 28) return day >= 1;
  // A month has as many days as the day before the first of the next is the number of.
  return day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
}

function isSystemVariable(name: string): boolean {
  return (systemVariables as readonly string[]).includes(name);
}
