import { evaluate } from "../condition/condition.ts";
import { applyChange, type Contact, mergeProperties } from "../contact.ts";
import type { JsonObject } from "../json.ts";
import type { Scope } from "../scope.ts";
import { isoText } from "../time.ts";
import type { AbState } from "./ab-test.ts";
import { type Activity, noActivity } from "./activity.ts";
import { type Advanced, unmoved } from "./advanced.ts";
import type { CompiledFlow, CompiledStep } from "./compile.ts";
import { countOf } from "./counts.ts";
import { flowLimits } from "./definition.ts";
import type { EffectAnswer, EffectRequest } from "./effect.ts";
import { exitRun, failRun, finish } from "./end-moved.ts";
import { isLive, type Run, type TrailEntry } from "./run.ts";
import { runScope } from "./run-scope.ts";
import type { Occurrence, StepContext, StepOutcome } from "./step-kind.ts";
import type { WorkspaceFacts } from "./workspace-facts.ts";

/**
 * What is true when a run is looked at, at `now`. `answer` is there when the effect it asked for is done, `occurrence` when an event has
 * come that the step it stands on listens to.
 */
export type Facts = {
  contact: Contact;
  workspace: WorkspaceFacts;
  now: Date;
  activity?: Activity | undefined;
  answer?: EffectAnswer | undefined;
  occurrence?: Occurrence | undefined;
  abStates?: AbStates | undefined;
  /** The flow is held: the run hears what comes, and goes no further than the next step. */
  isHeld?: boolean;
};

/** How far the tests of the workspace are, by flow and step. */
export type AbStates = (flowId: string, step: string) => AbState | null;

// The last instant that both JSON and PostgreSQL write in the same four-digit way.
const latestWakeAt = new Date("9999-12-31T23:59:59.999Z");

/** A move under way: what it goes by, and what it has come to so far. */
export type Move = {
  flow: CompiledFlow;
  workspace: WorkspaceFacts;
  activity: Activity;
  now: Date;
  /** How many flows in a row led to what has come; see `depthOf`. */
  depth: number;
  abStates: AbStates | undefined;
  isHeld: boolean;
  moved: Advanced;
};
/** What the step that the run stands on is told. */
type Given = Pick<Facts, "answer" | "occurrence">;

/**
 * Moves a run as far as it can go at `now`: through steps until one waits, asks for an effect or ends the run.
 * Pure: no clock, no randomness, no I/O. After `flowLimits.stepsPerAdvance` steps it stops and stays due.
 */
export function advance(flow: CompiledFlow, run: Run, facts: Facts): Advanced {
  return goOn(moveOf(flow, run, facts), facts);
}

/** A move that has not begun. */
export function moveOf(
  flow: CompiledFlow,
  run: Run,
  { contact, workspace, activity = noActivity, now, occurrence, abStates, isHeld = false }: Facts,
): Move {
  const depth = occurrence?.depth ?? 0;
  return { flow, workspace, activity, now, depth, abStates, isHeld, moved: unmoved(run, contact) };
}

/** Takes a move on from where its run stands by now. */
export function goOn(move: Move, first: Given): Advanced {
  const { moved, now } = move;
  let given = first;
  for (let taken = 0; isLive(moved.run); taken += 1) {
    if (taken === (move.isHeld ? 1 : flowLimits.stepsPerAdvance)) {
      moved.run = { ...moved.run, status: "active", wakeAt: now };
      break;
    }
    if (endsEarly(move) || !takeStep(move, given)) break;
    given = nothing;
  }
  return moved;
}

const nothing: Given = {};

/** Runs the step the run stands on. False when the run stays there. */
function takeStep(move: Move, given: Given): boolean {
  const { flow, moved, now } = move;
  const { run } = moved;
  const step = run.step === null ? undefined : flow.steps.get(run.step);
  if (!step) return failRun(moved, "step_missing", now);
  if (run.visit > flow.definition.maxSteps) return failRun(moved, "loop_guard", now);
  try {
    return settle(move, step, runStep(step, contextOf(move, step, given)));
  } catch (error) {
    moved.bugs.push(error);
    return failRun(moved, "internal_error", now);
  }
}

/** What the step sees. */
export function contextOf(
  { flow, workspace, activity, now, abStates, moved }: Move,
  step: CompiledStep,
  { answer, occurrence }: Given,
): StepContext {
  const { run, contact } = moved;
  let scope: Scope | undefined;
  return {
    step: step.name,
    flowId: flow.id,
    runId: run.id,
    visit: run.visit,
    now,
    enteredAt: run.enteredAt,
    waitUntil: run.status === "waiting" ? run.wakeAt : null,
    abState: abStates?.(flow.id, step.name) ?? null,
    workspace,
    activity,
    // Many steps never look at it, and it is the dearest part of a step.
    get scope() {
      scope ??= runScope(flow, run, { contact, workspace, now });
      return scope;
    },
    contact,
    answer,
    occurrence,
  };
}

/** What the step decides. Throws when that is something no step may decide: a bug of the kind. */
export function runStep(step: CompiledStep, context: StepContext): StepOutcome {
  const outcome = step.kind.run(step.config, context);
  if (outcome.kind === "go" && !Object.hasOwn(step.exits, outcome.exit))
    throw new Error(`The step "${step.name}" has no exit "${outcome.exit}".`);
  if (outcome.kind === "wait" && outcome.until !== null && Number.isNaN(outcome.until.getTime()))
    throw new Error(`The step "${step.name}" waits for an instant that does not exist.`);
  // The second effect would have the idempotency key of the first.
  if (outcome.kind === "ask" && context.answer)
    throw new Error(`The step "${step.name}" asks again after it was answered.`);
  return outcome;
}

function settle(move: Move, step: CompiledStep, outcome: StepOutcome): boolean {
  const { moved, now } = move;
  const { run } = moved;
  switch (outcome.kind) {
    case "go":
      return leave(move, step, outcome);
    case "wait":
      return sleep(move, step, outcome);
    case "ask":
      ask(moved, step, { effects: [outcome.effect], awaited: true });
      note(move, step, { outcome: "asked", ...detailOf(outcome) });
      moved.run = { ...run, status: "asking", wakeAt: null };
      return false;
    case "end":
      note(move, step, { outcome: "ended", ...detailOf(outcome) });
      return finish(moved, "completed", { now, reason: null });
    case "fail":
      note(move, step, { outcome: "failed", reason: outcome.reason, ...detailOf(outcome) });
      return finish(moved, "failed", { now, reason: outcome.reason });
  }
}

/** A run that goes on waiting as it did leaves no mark: otherwise each event that is not the one it waits for would. */
function sleep(
  { moved, now }: Move,
  step: CompiledStep,
  { until, detail }: Extract<StepOutcome, { kind: "wait" }>,
): false {
  const { run } = moved;
  const wakeAt = until !== null && until > latestWakeAt ? latestWakeAt : until;
  if (run.status === "waiting" && run.wakeAt?.getTime() === wakeAt?.getTime()) return false;
  note({ moved, now }, step, {
    outcome: "waiting",
    detail: { until: wakeAt === null ? null : isoText(wakeAt), ...detail },
  });
  moved.run = { ...run, status: "waiting", wakeAt };
  return false;
}

/** Takes the run out of the step by the exit that it chose. False when it has ended. */
export function leave(move: Move, step: CompiledStep, outcome: Extract<StepOutcome, { kind: "go" }>): boolean {
  const { moved, now } = move;
  const { run } = moved;
  const target = step.exits[outcome.exit] ?? null;
  note(move, step, { outcome: "went", exit: outcome.exit, ...detailOf(outcome) });
  moved.counts.push(countOf.exit(step.name, outcome.exit), ...(outcome.counts ?? []));
  ask(moved, step, { effects: outcome.effects ?? [], awaited: false });
  moved.occurrences.push(...(outcome.occurrences ?? []));
  if (outcome.variant !== undefined)
    moved.variants.push({ step: step.name, visit: run.visit, variant: outcome.variant });
  for (const change of outcome.changes ?? []) {
    moved.changes.push(change);
    moved.contact = applyChange(moved.contact, change);
  }
  const steps = outcome.result === undefined ? run.steps : { ...run.steps, [step.name]: outcome.result };
  const vars = outcome.vars === undefined ? run.vars : mergeProperties(run.vars, outcome.vars);
  moved.run = {
    ...run,
    vars,
    steps,
    depth: depthOf(move),
    step: target,
    visit: run.visit + 1,
    enteredAt: now,
    status: "active",
    wakeAt: now,
  };
  if (target !== null) return true;
  return finish(moved, "completed", { now, reason: null });
}

/**
 * The depth of what a run makes happen from here on. Only a rest of a minute that has really passed begins a new count: a run that is woken
 * at once by what it led to itself, or by another flow, is one more of their row.
 */
export function depthOf({ moved: { run }, now, depth }: Move): number {
  const isRested = run.status === "waiting" && now.getTime() - run.enteredAt.getTime() >= flowLimits.guardPauseMs;
  return Math.max(isRested ? 0 : run.depth, depth);
}

type Asked = { effects: readonly EffectRequest[]; awaited: boolean };

function ask(moved: Advanced, step: CompiledStep, { effects, awaited }: Asked): void {
  const { visit } = moved.run;
  effects.forEach((effect, ordinal) => {
    moved.effects.push({ step: step.name, visit, ordinal, awaited, ...effect });
  });
}

function detailOf(outcome: { detail?: JsonObject }): { detail?: JsonObject } {
  return outcome.detail === undefined ? {} : { detail: outcome.detail };
}

type Note = Pick<TrailEntry, "outcome" | "exit" | "reason" | "detail">;

function note({ moved, now }: Pick<Move, "moved" | "now">, step: CompiledStep, what: Note): void {
  const { visit } = moved.run;
  const enteredAt = isoText(moved.run.enteredAt);
  moved.trail.push({ visit, step: step.name, kind: step.kind.name, enteredAt, at: isoText(now), ...what });
}

/** Ends the run when a condition among its exit rules holds. */
export function endsEarly({ flow, workspace, now, moved }: Move): boolean {
  const { exitWhen } = flow.definition;
  if (exitWhen.length === 0) return false;
  const scope = runScope(flow, moved.run, { contact: moved.contact, workspace, now });
  const index = exitWhen.findIndex((rule) => "when" in rule && evaluate(rule.when, scope, now));
  if (index < 0) return false;
  exitRun(moved, `exit_rule_${index}`, now);
  return true;
}
