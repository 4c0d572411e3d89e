import { evaluate } from "../../core/condition/condition.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { Occurrence, StepContext, StepKind } from "../../core/flow/step-kind.ts";
import type { JsonObject } from "../../core/json.ts";
import { addDuration, firstTimeZone, isoText } from "../../core/time.ts";
import { type GoalConfig, goalConfig } from "./schema.ts";

/** What a run wants to come to: reached by an exit, or from anywhere when its event happens or its condition holds. It counts once a run. */
export const goal: StepKind<GoalConfig> = {
  name: "goal",
  title: "Goal",
  config: goalConfig,
  exits: () => ["next"],
  listensTo: ({ event, when }) => [
    ...(event === undefined ? [] : [event]),
    ...(when === undefined ? [] : [occurrenceName.contactChanged]),
  ],
  reachedFromAnywhere: ({ event, when }) => event !== undefined || when !== undefined,
  run(config, context) {
    const { step, scope, occurrence } = context;
    const isPassed = Object.hasOwn(scope.steps, step);
    if (!occurrence) {
      if (isPassed) return { kind: "go", exit: "next", detail: { skipped: "passed_before" } };
      return isInTime(config, context)
        ? reached(context, { by: "exit" })
        : { kind: "go", exit: "next", detail: { skipped: "too_late" } };
    }
    const isReached = !isPassed && isMet(config, context, occurrence) && isInTime(config, context);
    return isReached ? reached(context, by(occurrence)) : { kind: "wait", until: null };
  },
};

function reached({ step, now }: StepContext, how: JsonObject) {
  const result = { reachedAt: isoText(now), ...how };
  return { kind: "go" as const, exit: "next", result, counts: [`${step}:goal`, "goal"], detail: result };
}

function by({ name }: Occurrence): JsonObject {
  return name === occurrenceName.contactChanged ? { by: "condition" } : { by: "event", event: name };
}

function isMet(
  { event, where, when }: GoalConfig,
  { scope, now }: StepContext,
  { name, payload }: Occurrence,
): boolean {
  if (name === occurrenceName.contactChanged) return when !== undefined && evaluate(when, scope, now);
  if (name !== event) return false;
  return (
    where === undefined || evaluate(where, { ...scope, event: payload, run: { ...scope.run, event: scope.event } }, now)
  );
}

function isInTime({ within }: GoalConfig, { scope, contact, workspace, now }: StepContext): boolean {
  if (within === undefined) return true;
  const startedAt = new Date(String(scope.run.startedAt));
  return now <= addDuration(startedAt, within, firstTimeZone([contact.timeZone, workspace.timeZone]));
}
