import type { MessageEventName } from "../message/message-event.ts";
import type { CompiledFlow } from "./compile.ts";
import type { RunStatus } from "./run.ts";

/** A count for the roll-ups: the name of a total, or a step and what happened there. */
export type Count = string;

/**
 * The names of counts. An exit is counted where it is taken; whom it brings to the next step follows from the definition, so a step
 * costs one count. What comes and goes by no exit (a start, an end, a jump, a move) is counted besides.
 */
export const countOf = {
  exit: (step: string, exit: string): Count => `${step}:${exit}`,
  arrived: (step: string): Count => `${step}<`,
  taken: (step: string): Count => `${step}>`,
  ended: (step: string, status: string): Count => `${step}!${status}`,
  /** What became of the messages of a step. */
  message: (step: string, what: MessageEventName): Count => `$message:${step}:${what}`,
};

/** The counts of a run that ends as `status` where it stands. A run that has left its last step by an exit stands on none. */
export function endCounts({ step }: { step: string | null }, status: RunStatus): Count[] {
  return step === null ? [status] : [status, countOf.ended(step, status)];
}

/** The counts of a run that goes from one place to another by no exit. */
export function moveCounts(from: string | null, to: string): Count[] {
  return from === null ? [countOf.arrived(to)] : [countOf.taken(from), countOf.arrived(to)];
}

export type StepCounts = {
  /** How often runs came to the step. */
  entered: number;
  /** How many runs stand on it now. */
  waiting: number;
  left: Record<string, number>;
  failed: number;
  /** Ended on it in another way: completed, exited or cancelled. */
  ended: number;
  /** Taken away by a jump or by hand. */
  moved: number;
};

/** What the roll-ups of one version say of its steps. */
export function stepCounts(
  flow: Pick<CompiledFlow, "steps">,
  counts: readonly { name: Count; value: number }[],
): Record<string, StepCounts> {
  const steps = new Map<string, StepCounts>();
  for (const name of flow.steps.keys())
    steps.set(name, { entered: 0, waiting: 0, left: {}, failed: 0, ended: 0, moved: 0 });
  for (const { name, value } of counts) addCount(flow, steps, { name, value });
  for (const counted of steps.values()) {
    const gone = Object.values(counted.left).reduce((sum, left) => sum + left, 0);
    counted.waiting = counted.entered - gone - counted.failed - counted.ended - counted.moved;
  }
  return Object.fromEntries(steps);
}

const stepCount = /^([a-z][a-z0-9_-]{0,63})([:<>!])(.*)$/;

function addCount(
  { steps: definition }: Pick<CompiledFlow, "steps">,
  steps: Map<string, StepCounts>,
  { name, value }: { name: Count; value: number },
): void {
  const [, step = "", mark = "", rest = ""] = stepCount.exec(name) ?? [];
  const counted = steps.get(step);
  if (!counted) return;
  if (mark === "<") counted.entered += value;
  if (mark === ">") counted.moved += value;
  if (mark === "!" && rest === "failed") counted.failed += value;
  if (mark === "!" && rest !== "failed") counted.ended += value;
  const exits = definition.get(step)?.exits ?? {};
  if (mark !== ":" || !Object.hasOwn(exits, rest)) return;
  counted.left[rest] = (counted.left[rest] ?? 0) + value;
  const next = steps.get(exits[rest] ?? "");
  if (next) next.entered += value;
}
