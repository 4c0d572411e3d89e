import { evaluate } from "../condition/condition.ts";
import { applyChange, type Contact, type ContactChange, contactScope } from "../contact.ts";
import type { JsonObject } from "../json.ts";
import type { Scope } from "../scope.ts";
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

/**
 * Moves a run as far as it can go at `now`: through steps until one waits, asks for an effect or ends the run.
 * Pure: no clock, no randomness, no I/O. After `flowLimits.stepsPerAdvance` steps it stops and stays due.
 */
export function advance(flow: CompiledFlow, run: Run, { contact, workspace, now, ...facts }: Facts): Advanced {
  const moved = unmoved(run, contact);
  let { answer } = facts;
  for (let taken = 0; isLive(moved.run); taken += 1) {
    if (taken === flowLimits.stepsPerAdvance) {
      moved.run = { ...moved.run, status: "active", wakeAt: now };
      break;
    }
    if (endsEarly(flow, moved, { workspace, now })) break;
    if (!takeStep(flow, moved, { workspace, answer, now })) break;
    answer = undefined;
  }
  return moved;
}

type Moment = { workspace: WorkspaceFacts; answer: EffectAnswer | undefined; now: Date };

/** Runs the step the run stands on. False when the run stays there. */
function takeStep(flow: CompiledFlow, moved: Advanced, { workspace, answer, now }: Moment): boolean {
  const { run } = moved;
  const step = run.step === null ? undefined : flow.steps.get(run.step);
  if (!step) return failRun(moved, "step_missing", now);
  if (run.visit > flowLimits.visits) return failRun(moved, "loop_guard", now);
  const { contact } = moved;
  let scope: Scope | undefined;
  const context: StepContext = {
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
  try {
    return settle(moved, { step, now }, runStep(step, context));
  } catch (error) {
    moved.bugs.push(error);
    return failRun(moved, "internal_error", now);
  }
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

/** The step that a run stands on, and when that is. */
type Place = { step: CompiledStep; now: Date };

function settle(moved: Advanced, place: Place, outcome: StepOutcome): boolean {
  const { run } = moved;
  const { now } = place;
  switch (outcome.kind) {
    case "go":
      return leave(moved, place, outcome);
    case "wait":
      note(moved, place, { outcome: "waiting", detail: { until: outcome.until.toISOString(), ...outcome.detail } });
      moved.run = { ...run, status: "waiting", wakeAt: outcome.until < latestWakeAt ? outcome.until : latestWakeAt };
      return false;
    case "ask":
      ask(moved, place.step, { effects: [outcome.effect], awaited: true });
      note(moved, place, { outcome: "asked", ...detailOf(outcome) });
      moved.run = { ...run, status: "asking", wakeAt: null };
      return false;
    case "end":
      note(moved, place, { outcome: "ended", ...detailOf(outcome) });
      return finish(moved, "completed", { now, reason: null });
    case "fail":
      note(moved, place, { outcome: "failed", reason: outcome.reason, ...detailOf(outcome) });
      return finish(moved, "failed", { now, reason: outcome.reason });
  }
}

function leave(moved: Advanced, place: Place, outcome: Extract<StepOutcome, { kind: "go" }>): boolean {
  const { run } = moved;
  const { step, now } = place;
  const target = step.exits[outcome.exit] ?? null;
  note(moved, place, { outcome: "went", exit: outcome.exit, ...detailOf(outcome) });
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

type Asking = { effects: readonly EffectRequest[]; awaited: boolean };

function ask(moved: Advanced, step: CompiledStep, { effects, awaited }: Asking): void {
  const { visit } = moved.run;
  effects.forEach((effect, ordinal) => {
    moved.effects.push({ ...effect, step: step.name, visit, ordinal, awaited });
  });
}

function detailOf(outcome: { detail?: JsonObject }): { detail?: JsonObject } {
  return outcome.detail === undefined ? {} : { detail: outcome.detail };
}

type Note = Pick<TrailEntry, "outcome" | "exit" | "reason" | "detail">;

function note(moved: Advanced, { step, now }: Place, what: Note): void {
  const { visit, enteredAt } = moved.run;
  moved.trail.push({
    visit,
    step: step.name,
    kind: step.kind.name,
    enteredAt: enteredAt.toISOString(),
    at: now.toISOString(),
    ...what,
  });
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

function endsEarly(flow: CompiledFlow, moved: Advanced, { workspace, now }: Pick<Facts, "workspace" | "now">): boolean {
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
  return { visit, step: step ?? "", kind, enteredAt: enteredAt.toISOString(), at: now.toISOString() };
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
      startedAt: run.startedAt.toISOString(),
      eventName: run.eventName,
      eventAt: run.eventAt.toISOString(),
      now: now.toISOString(),
    },
    steps: run.steps,
    workspace: { id: workspace.id, name: workspace.name, timeZone: workspace.timeZone },
  };
}
