import type { StepContext, StepKind, StepOutcome } from "../../core/flow/step-kind.ts";
import { parsePath, readPath } from "../../core/path.ts";
import { addDuration, firstTimeZone, isExact, onDay, parseInstant } from "../../core/time.ts";
import { type UntilDate, type WaitConfig, waitConfig } from "./schema.ts";

/** Holds the contact for a span, until an instant, or until a date it carries. Instants in the past let it through at once. */
export const wait: StepKind<WaitConfig> = {
  name: "wait",
  title: "Wait",
  config: waitConfig,
  exits: (config) => ("untilDate" in config ? ["next", "missing"] : ["next"]),
  run(config, context) {
    const until = dueAt(config, context);
    if (until === null) return missing(config, context);
    if (until > context.now) return { kind: "wait", until };
    return { kind: "go", exit: "next", detail: { until: until.toISOString() } };
  },
};

/** Read anew at every wake: a date that was moved meanwhile is waited for again. */
function dueAt(config: WaitConfig, context: StepContext): Date | null {
  if ("until" in config) return parseInstant(config.until);
  if ("untilDate" in config) return dateOf(config.untilDate, context, timeZoneOf(context));
  // Most waits are spans of hours or less, which need no zone: the scope is then never made.
  return isExact(config.for)
    ? addDuration(context.enteredAt, config.for)
    : addDuration(context.enteredAt, config.for, timeZoneOf(context));
}

function timeZoneOf({ contact, scope }: StepContext): string {
  return firstTimeZone([contact.timeZone, scope.workspace.timeZone]);
}

function dateOf({ field, offset, at }: UntilDate, context: StepContext, timeZone: string): Date | null {
  const value = readPath(context.scope, parsePath(field) ?? []);
  const day = typeof value === "string" ? onDay(value.trim(), timeZone, at) : null;
  return day && offset ? addDuration(day, offset, timeZone) : day;
}

function missing(config: WaitConfig, { scope }: StepContext): StepOutcome {
  const field = "untilDate" in config ? config.untilDate.field : "until";
  const value = readPath(scope, parsePath(field) ?? []);
  const found = typeof value === "string" ? value.slice(0, 100) : (value ?? null) === null ? null : typeof value;
  return { kind: "go", exit: "missing", detail: { field, found } };
}
