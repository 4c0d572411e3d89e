import type { Issue } from "../../core/errors.ts";
import { checkKey } from "../../core/flow/about-run.ts";
import { changedOccurrence } from "../../core/flow/changed-occurrence.ts";
import type { Occurrence, StepContext, StepKind, StepOutcome } from "../../core/flow/step-kind.ts";
import { noDateIn, untilDateAt, zoneOf } from "../../core/flow/wait-until.ts";
import type { JsonObject } from "../../core/json.ts";
import { addDuration, isExact, isoText, parseInstant } from "../../core/time.ts";
import { matches, nameOf } from "./matches.ts";
import { type Awaited, type WaitForConfig, waitForConfig } from "./schema.ts";

/**
 * Holds the contact until the first of several things comes, each with an exit of its own, or until the timeout. What comes at the very
 * instant of the timeout comes too late. The result is what came: {by, event, payload, at}.
 */
export const waitFor: StepKind<WaitForConfig> = {
  name: "wait-for",
  title: "Wait for",
  config: waitForConfig,
  exits: (config) => [...new Set([...config.for.map(({ exit }) => exit), ...timeoutExits(config)])],
  skipExit: (config) => (config.timeout ? "timeout" : (config.for[0]?.exit ?? "")),
  listensTo: (config) => [...new Set([...config.for, ...config.restartOn].map(nameOf))],
  // A condition may hold, and a named instant be past, whenever a loop comes round.
  pauses: (config) =>
    !(config.for.some((item) => "when" in item) || (config.timeout !== undefined && "until" in config.timeout)),
  check,
  run(config, context) {
    const until = endOf(config, context);
    if (until === undefined) return missing(config, context);
    const { occurrence, now } = context;
    if (occurrence) return met(config, context, { occurrence, until });
    const held = context.waitUntil === null ? config.for.find((item) => isHeld(item, context)) : undefined;
    if (held) return left(held.exit, { event: null, payload: null, at: isoText(now) });
    return until !== null && until <= now ? timedOut(until) : { kind: "wait", until };
  },
};

function timeoutExits({ timeout }: WaitForConfig): string[] {
  if (timeout === undefined) return [];
  return "untilDate" in timeout ? ["timeout", "missing"] : ["timeout"];
}

/** When the wait ends, null when it has no timeout, undefined when it is to end on a date that is none. */
function endOf({ timeout }: WaitForConfig, context: StepContext): Date | null | undefined {
  if (timeout === undefined) return null;
  if ("until" in timeout) return parseInstant(timeout.until);
  // Read anew each time: a date may be moved while it is waited for.
  if ("untilDate" in timeout) return untilDateAt(timeout.untilDate, context) ?? undefined;
  // A span that was begun anew ends when the run was told to wake.
  return context.waitUntil ?? after(timeout.after, context.enteredAt, context);
}

function after(span: Parameters<typeof addDuration>[1], at: Date, context: StepContext): Date {
  return isExact(span) ? addDuration(at, span) : addDuration(at, span, zoneOf(context));
}

/** A condition is looked at on entering as it is when the contact has changed. */
function isHeld(item: Awaited, context: StepContext): boolean {
  return "when" in item && matches(item, changedOccurrence(context.now), context);
}

type Met = { occurrence: Occurrence; until: Date | null };

function met(config: WaitForConfig, context: StepContext, { occurrence, until }: Met): StepOutcome {
  const { name, payload, acceptedAt } = occurrence;
  if (until !== null && until <= acceptedAt) return timedOut(until);
  const item = config.for.find((awaited) => matches(awaited, occurrence, context));
  if (item)
    return left(item.exit, {
      ...("when" in item ? { event: null, payload: null } : { event: name, payload }),
      at: isoText(acceptedAt),
    });
  const { timeout, restartOn } = config;
  const begins =
    timeout !== undefined && "after" in timeout && restartOn.some((it) => matches(it, occurrence, context));
  if (!begins) return { kind: "wait", until };
  return { kind: "wait", until: after(timeout.after, acceptedAt, context), detail: { restartedBy: name } };
}

type Came = { event: string | null; payload: JsonObject | null; at: string };

function left(by: string, came: Came): StepOutcome {
  return { kind: "go", exit: by, result: { by, ...came }, detail: { by, event: came.event, at: came.at } };
}

function timedOut(until: Date): StepOutcome {
  return left("timeout", { event: null, payload: null, at: isoText(until) });
}

function missing({ timeout }: WaitForConfig, context: StepContext): StepOutcome {
  const field = timeout && "untilDate" in timeout ? timeout.untilDate.field : "";
  return { kind: "go", exit: "missing", detail: noDateIn(field, context) };
}

function check(config: WaitForConfig): Issue[] {
  return (["for", "restartOn"] as const).flatMap((list) =>
    config[list].flatMap((item, index) => ("key" in item ? checkKey(item.key, `${list}[${index}].key`) : [])),
  );
}
