import { evaluate } from "../condition/condition.ts";
import { applyChange, type Contact, type ContactChange, contactScope } from "../contact.ts";
import type { JsonObject } from "../json.ts";
import type { Scope } from "../scope.ts";
import { isoText } from "../time.ts";
import type { CompiledFlow, CompiledStep } from "./compile.ts";
import { flowLimits } from "./definition.ts";
import type { EffectAnswer, EffectRequest } from "./effect.ts";
import { endRun, isLive, type Run, type TrailEntry } from "./run.ts";
import type { StepContext, StepOutcome } from "./step-kind.ts";

export type WorkspaceFacts = { id: string; name: string; timeZone: string };

/** What is true when a run is looked at, at `now`. `answer` is there when the effect it asked for is done. */
export type Facts = { contact: Contact; workspace: WorkspaceFacts; now: Date; answer?: EffectAnswer | undefined };

/** An effect as a step asked for it: `visit` and `ordinal` make its idempotency key stable. */
export type AskedEffect = EffectRequest & { step: string; visit: number; ordinal: number; awaited: boolean };

/** A count for the roll-ups: `step` and what happened there. */
export type Count = string;

/** What an advance decided, as data: nothing of it has happened yet. */
export type Advanced = {
  run: Run;
  contact: Contact;
  changes: ContactChange[];
  effects: AskedEffect[];
  trail: TrailEntry[];
  counts: Count[];
  /** What a step threw: bugs, for the log. The run has ended as failed. */
  bugs: unknown[];
};

// The last instant that both JSON and PostgreSQL write in the same four-digit way.
const latestWakeAt = new Date("9999-12-31T23:59:59.999Z");

/** A run about to be moved: nothing decided yet. */
export function unmoved(run: Run, contact: Contact): Advanced {
  return { run, contact, changes: [], effects: [], trail: [], counts: [], bugs: [] };
}

/** A move under way: what it goes by, and what it has come to so far. */
type Move = { flow: CompiledFlow; workspace: WorkspaceFacts; now: Date; moved: Advanced };

/**
 * Moves a run as far as it can go at `now`: through steps until one waits, asks for an effect or ends the run.
 * Pure: no clock, no randomness, no I/O. After `flowLimits.stepsPerAdvance` steps it stops and stays due.
 */
export function advance(flow: CompiledFlow, run: Run, { contact, workspace, answer, now }: Facts): Advanced {
  const moved = unmoved(run, contact);
  const move = { flow, workspace, now, moved };
  let given = answer;
  for (let taken = 0; isLive(moved.run); taken += 1) {
    if (taken === flowLimits.stepsPerAdvance) {
      moved.run = { ...moved.run, status: "active", wakeAt: now };
      break;
    }
    if (endsEarly(move) || !takeStep(move, given)) break;
    given = undefined;
  }
  return moved;
}

/** Runs the step the run stands on. False when the run stays there. */
function takeStep(move: Move, answer: EffectAnswer | undefined): boolean {
  const { flow, moved, now } = move;
  const { run } = moved;
  const step = run.step === null ? undefined : flow.steps.get(run.step);
  if (!step) return failRun(moved, "step_missing", now);
  if (run.visit > flowLimits.visits) return failRun(moved, "loop_guard", now);
  try {
    return settle(move, step, runStep(step, contextOf(move, step, answer)));
  } catch (error) {
    moved.bugs.push(error);
    return failRun(moved, "internal_error", now);
  }
}

function contextOf(
  { flow, workspace, now, moved }: Move,
  step: CompiledStep,
  answer: EffectAnswer | undefined,
): StepContext {
  const { run, contact } = moved;
  let scope: Scope | undefined;
  return {
    step: step.name,
    visit: run.visit,
    now,
    enteredAt: run.enteredAt,
    // Many steps never look at it, and it is the dearest part of a step.
    get scope() {
      scope ??= runScope(flow, run, { contact, workspace, now });
      return scope;
    },
    contact,
    answer,
  };
}

/** What the step decides. Throws when that is something no step may decide: a bug of the kind. */
function runStep(step: CompiledStep, context: StepContext): StepOutcome {
  const outcome = step.kind.run(step.config, context);
  if (outcome.kind === "go" && !Object.hasOwn(step.exits, outcome.exit))
    throw new Error(`The step "${step.name}" has no exit "${outcome.exit}".`);
  if (outcome.kind === "wait" && Number.isNaN(outcome.until.getTime()))
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
      note(move, step, { outcome: "waiting", detail: { until: isoText(outcome.until), ...outcome.detail } });
      moved.run = { ...run, status: "waiting", wakeAt: outcome.until < latestWakeAt ? outcome.until : latestWakeAt };
      return false;
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

function leave(move: Move, step: CompiledStep, outcome: Extract<StepOutcome, { kind: "go" }>): boolean {
  const { moved, now } = move;
  const { run } = moved;
  const target = step.exits[outcome.exit] ?? null;
  note(move, step, { outcome: "went", exit: outcome.exit, ...detailOf(outcome) });
  moved.counts.push(`${step.name}:${outcome.exit}`);
  ask(moved, step, { effects: outcome.effects ?? [], awaited: false });
  for (const change of outcome.changes ?? []) {
    moved.changes.push(change);
    moved.contact = applyChange(moved.contact, change);
  }
  const steps = outcome.result === undefined ? run.steps : { ...run.steps, [step.name]: outcome.result };
  moved.run = { ...run, steps, step: target, visit: run.visit + 1, enteredAt: now, status: "active", wakeAt: now };
  if (target !== null) return true;
  return finish(moved, "completed", { now, reason: null });
}

type Asked = { effects: readonly EffectRequest[]; awaited: boolean };

function ask(moved: Advanced, step: CompiledStep, { effects, awaited }: Asked): void {
  const { visit } = moved.run;
  effects.forEach((effect, ordinal) => {
    moved.effects.push({ ...effect, step: step.name, visit, ordinal, awaited });
  });
}

function detailOf(outcome: { detail?: JsonObject }): { detail?: JsonObject } {
  return outcome.detail === undefined ? {} : { detail: outcome.detail };
}

type Note = Pick<TrailEntry, "outcome" | "exit" | "reason" | "detail">;

function note({ moved, now }: Move, step: CompiledStep, what: Note): void {
  const { visit, enteredAt } = moved.run;
  const place = { visit, step: step.name, kind: step.kind.name, enteredAt: isoText(enteredAt), at: isoText(now) };
  moved.trail.push({ ...place, ...what });
}

function finish(
  moved: Advanced,
  status: "completed" | "exited" | "failed",
  end: { now: Date; reason: string | null },
): false {
  moved.run = endRun(moved.run, status, end);
  moved.counts.push(status);
  return false;
}

function endsEarly({ flow, workspace, now, moved }: Move): boolean {
  const { exitWhen } = flow.definition;
  if (exitWhen.length === 0) return false;
  const scope = runScope(flow, moved.run, { contact: moved.contact, workspace, now });
  const index = exitWhen.findIndex((rule) => "when" in rule && evaluate(rule.when, scope, now));
  if (index < 0) return false;
  exitRun(moved, `exit_rule_${index}`, now);
  return true;
}

/** Ends a run by an exit rule, with its place in the trail. */
export function exitRun(moved: Advanced, reason: string, now: Date): void {
  moved.trail.push({ ...placeOf(moved.run, "exit-rule", now), outcome: "exited", reason });
  finish(moved, "exited", { now, reason });
}

/** Ends a run that the engine cannot take further, with its place in the trail. False, for the run stays there. */
export function failRun(moved: Advanced, reason: string, now: Date): false {
  moved.trail.push({ ...placeOf(moved.run, "engine", now), outcome: "failed", reason });
  return finish(moved, "failed", { now, reason });
}

function placeOf({ visit, step, enteredAt }: Run, kind: string, now: Date): Omit<TrailEntry, "outcome"> {
  return { visit, step: step ?? "", kind, enteredAt: isoText(enteredAt), at: isoText(now) };
}

type ScopeFacts = { contact: Contact; workspace: WorkspaceFacts; now: Date };

/** What templates and conditions of this run see at `now`. */
export function runScope(flow: CompiledFlow, run: Run, { contact, workspace, now }: ScopeFacts): Scope {
  return {
    contact: contactScope(contact),
    event: run.event,
    run: {
      ...run.vars,
      id: run.id,
      key: run.key,
      flow: flow.definition.name,
      version: run.version,
      startedAt: isoText(run.startedAt),
      eventName: run.eventName,
      eventAt: isoText(run.eventAt),
      now: isoText(now),
    },
    steps: run.steps,
    workspace: { id: workspace.id, name: workspace.name, timeZone: workspace.timeZone },
  };
}
