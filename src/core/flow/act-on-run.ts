import type { CompiledFlow, CompiledStep } from "./compile.ts";
import { type Count, countOf, endCounts, moveCounts } from "./counts.ts";
import { placeOf } from "./end-moved.ts";
import type { RunChange } from "./migrate-run.ts";
import { endRun, isLive, type Run, type TrailEntry } from "./run.ts";

/** What a person can do to a run. */
export type RunAction =
  | { kind: "cancel"; note?: string | undefined }
  | { kind: "retry" }
  | { kind: "skip-wait" }
  | { kind: "move"; step: string };

export type Acting = { flow: CompiledFlow | undefined; by: string; now: Date };

/** `stopsEffects`: what the run asked for and nobody has begun is not to be done. */
export type Acted = (RunChange & { ok: true; stopsEffects: boolean }) | { ok: false; reason: string };

/** What a run becomes by an action, or why it cannot be done. Pure. */
export function actOnRun(run: Run, action: RunAction, acting: Acting): Acted {
  if (action.kind === "retry") return retry(run, acting);
  if (!isLive(run)) return refuse(`The run has ended already: it is ${run.status}.`);
  if (action.kind === "cancel") return cancel(run, action.note, acting);
  return action.kind === "move" ? move(run, action.step, acting) : skipWait(run, acting);
}

function refuse(reason: string): Acted {
  return { ok: false, reason };
}

function cancel(run: Run, note: string | undefined, { by, now }: Acting): Acted {
  const reason = "cancelled_by_request";
  const detail = { by, ...(note === undefined ? {} : { note }) };
  const trail = { ...placeOf(run, "cancel", now), outcome: "cancelled" as const, reason, detail };
  const ended = endRun(run, "cancelled", { now, reason });
  return changed(ended, { trail, counts: endCounts(run, "cancelled"), stopsEffects: true });
}

/** A failed run stands at its step again, on a new visit: what the step asks for is asked anew, under a key of its own. */
function retry(run: Run, { flow, by, now }: Acting): Acted {
  const { step } = run;
  if (run.status !== "failed") return refuse(`Only a failed run can be retried; this one is ${run.status}.`);
  if (step === null || !flow?.steps.has(step)) return refuse("The step at which the run failed is not in its version.");
  const trail = {
    ...placeOf(run, "retry", now),
    outcome: "moved" as const,
    detail: { to: step, failed: run.reason, by },
  };
  const counts = ["retried", ...moveCounts(null, step)];
  return changed({ ...entering(run, step, now), reason: null, endedAt: null }, { trail, counts, stopsEffects: false });
}

/** The run leaves the step it waits on as if the wait were over. */
function skipWait(run: Run, { flow, by, now }: Acting): Acted {
  const step = run.step === null ? undefined : flow?.steps.get(run.step);
  if (run.status !== "waiting" || !step) return refuse(`The run does not wait: it is ${run.status}.`);
  const exit = skippedExit(step);
  if (exit === undefined) return refuse(`The step "${step.name}" has no exit to leave by.`);
  const trail = { ...placeOf(run, step.kind.name, now), outcome: "went" as const, exit, detail: { skippedBy: by } };
  const counts = [countOf.exit(step.name, exit)];
  const target = step.exits[exit] ?? null;
  const left = { ...entering(run, target, now) };
  if (target !== null) return changed(left, { trail, counts, stopsEffects: false });
  counts.push("completed");
  return changed(endRun(left, "completed", { now, reason: null }), { trail, counts, stopsEffects: false });
}

/** The exit by which a wait that is cut short is left: the one that its kind names, or its first. */
function skippedExit({ kind, config, exits }: CompiledStep): string | undefined {
  const wanted = kind.skipExit?.(config) ?? kind.exits(config)[0];
  return wanted !== undefined && Object.hasOwn(exits, wanted) ? wanted : undefined;
}

function move(run: Run, to: string, { flow, by, now }: Acting): Acted {
  if (!flow?.steps.has(to)) return refuse(`Version ${run.version} of the flow has no step "${to}".`);
  const trail = { ...placeOf(run, "move", now), outcome: "moved" as const, detail: { to, by } };
  return changed(entering(run, to, now), { trail, counts: moveCounts(run.step, to), stopsEffects: true });
}

function entering(run: Run, step: string | null, now: Date): Run {
  return { ...run, step, visit: run.visit + 1, enteredAt: now, status: "active", wakeAt: now };
}

type Written = { trail: TrailEntry; counts: readonly Count[]; stopsEffects: boolean };

function changed(run: Run, { trail, counts, stopsEffects }: Written): Acted {
  return { ok: true, run, trail, counts: counts.map((name) => ({ version: run.version, name })), stopsEffects };
}
