import { isoText } from "../time.ts";
import type { Advanced } from "./advanced.ts";
import { endCounts } from "./counts.ts";
import { endRun, type Run, type TrailEntry } from "./run.ts";

/** Ends the run of a move. False, for the run goes no further. */
export function finish(
  moved: Advanced,
  status: "completed" | "exited" | "failed" | "cancelled",
  end: { now: Date; reason: string | null },
): false {
  moved.counts.push(...endCounts(moved.run, status));
  moved.run = endRun(moved.run, status, end);
  return false;
}

/** Ends a run by an exit rule, with its place in the trail. */
export function exitRun(moved: Advanced, reason: string, now: Date): void {
  moved.trail.push({ ...placeOf(moved.run, "exit-rule", now), outcome: "exited", reason });
  finish(moved, "exited", { now, reason });
}

/** Ends a run whose place another one takes. */
export function replaceRun(moved: Advanced, now: Date): void {
  moved.trail.push({ ...placeOf(moved.run, "reentry", now), outcome: "cancelled", reason: "restarted" });
  finish(moved, "cancelled", { now, reason: "restarted" });
}

/** Ends a run that the engine cannot take further, with its place in the trail. False, for the run stays there. */
export function failRun(moved: Advanced, reason: string, now: Date): false {
  moved.trail.push({ ...placeOf(moved.run, "engine", now), outcome: "failed", reason });
  return finish(moved, "failed", { now, reason });
}

/** Where a run stands, as its trail names it. */
export function placeOf({ visit, step, enteredAt }: Run, kind: string, now: Date): Omit<TrailEntry, "outcome"> {
  return { visit, step: step ?? "", kind, enteredAt: isoText(enteredAt), at: isoText(now) };
}
