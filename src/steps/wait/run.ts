import { nextInWindow } from "../../core/calendar.ts";
import type { StepContext, StepKind } from "../../core/flow/step-kind.ts";
import { noDateIn, untilDateAt, zoneOf } from "../../core/flow/wait-until.ts";
import { addDuration, isExact, parseInstant } from "../../core/time.ts";
import { type WaitConfig, type Within, waitConfig } from "./schema.ts";

/**
 * Holds the contact for a span, until an instant, or until a date it carries, and then until hours in which it may go on. Instants in the
 * past let it through at once.
 */
export const wait: StepKind<WaitConfig> = {
  name: "wait",
  title: "Wait",
  config: waitConfig,
  exits: (config) => ("untilDate" in config ? ["next", "missing"] : ["next"]),
  // A named instant comes once, and hours may be open: in a loop they let through at once.
  pauses: (config) => "for" in config || "untilDate" in config,
  run(config, context) {
    const due = dueAt(config, context);
    if (due === null) return { kind: "go", exit: "missing", detail: missing(config, context) };
    const until = config.within === undefined ? due : openAt(config.within, due, context);
    if (until === null) return { kind: "fail", reason: "hours_never_open" };
    if (until > context.now) return { kind: "wait", until };
    return { kind: "go", exit: "next", detail: { until: until.toISOString() } };
  },
};

/** Read anew at every wake: a date that was moved meanwhile is waited for again. */
function dueAt(config: WaitConfig, context: StepContext): Date | null {
  if ("until" in config) return parseInstant(config.until);
  if ("untilDate" in config) return untilDateAt(config.untilDate, context);
  if (!("for" in config)) return context.enteredAt;
  // Most waits are spans of hours or less, which need no zone: the scope is then never made.
  return isExact(config.for)
    ? addDuration(context.enteredAt, config.for)
    : addDuration(context.enteredAt, config.for, zoneOf(context));
}

/** The first instant from `due` on, but not before now, at which the hours are open: a run that wakes late waits for the next ones. */
function openAt(within: Within, due: Date, context: StepContext): Date | null {
  const { workspace, now } = context;
  const { workingHours, holidays } = workspace.settings;
  const at = due > now ? due : now;
  if (within === "working-hours") return nextInWindow(at, workingHours, { timeZone: workspace.timeZone, holidays });
  const { hours, skipHolidays } = within;
  return nextInWindow(at, hours, { timeZone: zoneOf(context), holidays: skipHolidays ? holidays : [] });
}

function missing(config: WaitConfig, context: StepContext) {
  return noDateIn("untilDate" in config ? config.untilDate.field : "until", context);
}
