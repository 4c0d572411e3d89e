import { contextOf, depthOf, endsEarly, type Facts, goOn, leave, type Move, moveOf, runStep } from "./advance.ts";
import type { Advanced } from "./advanced.ts";
import type { CompiledFlow, CompiledStep } from "./compile.ts";
import { moveCounts } from "./counts.ts";
import { failRun, placeOf } from "./end-moved.ts";
import { occurrenceName } from "./occurrence-names.ts";
import { isLive, type Run } from "./run.ts";
import type { Occurrence } from "./step-kind.ts";

/**
 * What an event means for a run that is live: a step that is reached from anywhere may take it away from where it stands, in the order of
 * the definition; else the step it waits on is asked, when it listens to the event. When the contact has changed, exit rules are looked at
 * first. Pure, like `advance`.
 */
export function meet(flow: CompiledFlow, run: Run, facts: Facts & { occurrence: Occurrence }): Advanced {
  const move = moveOf(flow, run, facts);
  const { name } = facts.occurrence;
  if (name === occurrenceName.contactChanged && endsEarly(move)) return move.moved;
  const listeners = flow.listeners.get(name) ?? [];
  for (const step of listeners) {
    const isElsewhere = step.name !== run.step && step.kind.reachedFromAnywhere?.(step.config);
    if (isElsewhere && jump(move, step, facts)) return mayGoOn(move) ? goOn(move, {}) : move.moved;
  }
  const isAwaited = run.status === "waiting" && listeners.some((step) => step.name === run.step);
  return isAwaited ? goOn(move, facts) : move.moved;
}

function mayGoOn({ isHeld, moved }: Move): boolean {
  return !isHeld && isLive(moved.run);
}

/** Takes the run to a step that no exit of its present step leads to, when that step has a use for what happened. */
function jump(move: Move, step: CompiledStep, facts: Facts): boolean {
  const { moved, now } = move;
  const { run } = moved;
  try {
    const outcome = runStep(step, contextOf(move, step, facts));
    if (outcome.kind !== "go") return false;
    moved.trail.push({ ...placeOf(run, "jump", now), outcome: "moved", detail: { to: step.name } });
    moved.counts.push(...moveCounts(run.step, step.name));
    const depth = depthOf(move);
    moved.run = { ...run, depth, step: step.name, visit: run.visit + 1, enteredAt: now, status: "active", wakeAt: now };
    leave(move, step, outcome);
  } catch (error) {
    moved.bugs.push(error);
    failRun(moved, "internal_error", now);
  }
  return true;
}
