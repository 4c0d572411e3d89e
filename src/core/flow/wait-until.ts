import { z } from "zod";
import { parsePath, readPath } from "../path.ts";
import { type Scope, scopeRoots } from "../scope.ts";
import { addDuration, firstTimeZone, offsetSchema, onDay, timeOfDaySchema } from "../time.ts";
import type { StepContext } from "./step-kind.ts";

const fieldSchema = z.string().superRefine((field, context) => {
  const message = fieldProblem(field);
  if (message !== null) context.addIssue({ code: "custom", message });
});

/** A date found in a field of the run's scope, moved by an offset, at a time of day in the contact's zone. */
export const untilDateSchema = z.strictObject({
  field: fieldSchema,
  offset: offsetSchema.optional(),
  at: timeOfDaySchema.optional(),
});
export type UntilDate = z.output<typeof untilDateSchema>;

/** The zone that steps of a run count in: the contact's, or else the workspace's. */
export function zoneOf({ contact, scope }: Pick<StepContext, "contact" | "scope">): string {
  return firstTimeZone([contact.timeZone, scope.workspace.timeZone]);
}

/** The instant that the field means by now, or null when it holds no date. */
export function untilDateAt({ field, offset, at }: UntilDate, context: StepContext): Date | null {
  const value = fieldValue(field, context.scope);
  const timeZone = zoneOf(context);
  const day = typeof value === "string" ? onDay(value.trim(), timeZone, at) : null;
  return day && offset ? addDuration(day, offset, timeZone) : day;
}

/** What a field holds that is no date, short enough for a trail. */
export function noDateIn(field: string, { scope }: StepContext) {
  const value = fieldValue(field, scope);
  const found = typeof value === "string" ? value.slice(0, 100) : (value ?? null) === null ? null : typeof value;
  return { field, found };
}

function fieldValue(field: string, scope: Scope) {
  return readPath(scope, parsePath(field) ?? []);
}

/** The sentence that says why `field` cannot be read from a run's scope, or null when it can. */
function fieldProblem(field: string): string | null {
  const path = field.length <= 512 ? parsePath(field) : null;
  const isRooted = path !== null && path.length > 1 && (scopeRoots as readonly unknown[]).includes(path[0]);
  return isRooted
    ? null
    : `must be a path that starts with one of ${scopeRoots.join(", ")}, such as contact.renewalDate`;
}
