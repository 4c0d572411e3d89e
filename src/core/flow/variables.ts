import { z } from "zod";
import type { Issue } from "../errors.ts";
import { payloadIssues } from "../event-input.ts";
import type { Json, JsonObject } from "../json.ts";
import { parseInstant } from "../time.ts";

const types = ["string", "number", "boolean", "date", "json"] as const;
type VariableType = (typeof types)[number];

/** How large the variables may be that go with every start of an audience, in bytes of JSON. */
const sharedBytes = 16_000;

const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const anyValue: z.ZodType<Json> = z.unknown() as z.ZodType<unknown> as z.ZodType<Json>;

/** What a starter can or must give, by name: its type, and what stands in for it. */
export const variablesSchema = z
  .record(
    z.string().regex(namePattern, "must start with a letter or _ and hold only letters, digits and _ (64 at most)"),
    z.strictObject({
      type: z.enum(types),
      required: z.boolean().default(false),
      default: anyValue.optional(),
      description: z.string().max(500).optional(),
    }),
  )
  .refine((declared) => Object.keys(declared).length <= 50, "must declare at most 50 variables");
export type Variables = z.output<typeof variablesSchema>;

/** What is wrong with declarations: a default that is not of its type, or that can never stand in. Paths begin with the name. */
export function declarationIssues(declared: Variables): Issue[] {
  return Object.entries(declared).flatMap(([name, { type, required, default: standIn }]) => {
    if (standIn === undefined) return [];
    if (required) return [{ path: `${name}.default`, message: "is never used: the variable is required" }];
    const problem = typeProblem(type, standIn);
    return problem === null ? [] : [{ path: `${name}.default`, message: problem }];
  });
}

/** The variables of a start, with defaults for those not given; null means not given, but for the type json. */
export function readVariables(declared: Variables, given: JsonObject): { variables: JsonObject; issues: Issue[] } {
  const variables: JsonObject = {};
  const issues = unknownIssues(declared, given);
  for (const [name, declaration] of Object.entries(declared)) {
    const value = givenValue(given, name, declaration);
    const problem = value === undefined ? missingProblem(declaration) : typeProblem(declaration.type, value);
    if (problem !== null) issues.push({ path: name, message: problem });
    else if (value !== undefined) variables[name] = value;
    else if (declaration.default !== undefined) variables[name] = declaration.default;
  }
  return { variables, issues };
}

function givenValue(given: JsonObject, name: string, { type }: Variables[string]): Json | undefined {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  return value === null && type !== "json" ? undefined : value;
}

function missingProblem({ required }: Variables[string]): string | null {
  return required ? "is required" : null;
}

/** Checks variables that go with every start of an audience: text that cannot be kept, depth, and size. */
export function sharedVariablesIssues(variables: JsonObject, path: string): Issue[] {
  const issues = payloadIssues(variables, path);
  if (issues.length > 0) return issues;
  const { length } = new TextEncoder().encode(JSON.stringify(variables));
  return length <= sharedBytes
    ? []
    : [{ path, message: `must be at most ${sharedBytes} bytes of JSON for an audience; it has ${length}` }];
}

function unknownIssues(declared: Variables, given: JsonObject): Issue[] {
  const names = Object.keys(declared);
  const known = names.length === 0 ? "the entry declares none" : `there are ${names.join(", ")}`;
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(declared, name))
    .map((name) => ({ path: name.slice(0, 100), message: `is not a variable of the entry; ${known}` }));
}

function typeProblem(type: VariableType, value: Json): string | null {
  switch (type) {
    case "string":
      return typeof value === "string" ? null : "must be text";
    case "number":
      return typeof value === "number" ? null : "must be a number";
    case "boolean":
      return typeof value === "boolean" ? null : "must be true or false";
    case "date":
      return typeof value === "string" && parseInstant(value) !== null
        ? null
        : "must be a date such as 2026-03-01 or an instant such as 2026-03-01T10:00:00Z";
    case "json":
      return null;
  }
}
