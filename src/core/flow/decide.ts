import type { Contact } from "../contact.ts";
import { type Activity, noActivity } from "./activity.ts";
import { type AbStates, advance } from "./advance.ts";
import { type Advanced, unmoved } from "./advanced.ts";
import { changeOccurrences, isChanged } from "./change-occurrences.ts";
import { changedOccurrence } from "./changed-occurrence.ts";
import type { CompiledFlow } from "./compile.ts";
import { moveCounts } from "./counts.ts";
import { type Decision, emptyDecision } from "./decision.ts";
import type { EffectAnswer } from "./effect.ts";
import { exitRun, failRun, replaceRun } from "./end-moved.ts";
import { reachGoals } from "./goals.ts";
import { meet } from "./meet.ts";
import { newRun } from "./new-run.ts";
import { occurrenceName } from "./occurrence-names.ts";
import type { Priority } from "./priority.ts";
import {
  type AdmissionRecord,
  admissionKey,
  type Entered,
  type Entry,
  enterFlow,
  exitRuleFor,
  notStarted,
  type RouteContext,
} from "./route.ts";
import { isLive, type Run } from "./run.ts";
import type { Occurrence } from "./step-kind.ts";
import type { WorkspaceFacts } from "./workspace-facts.ts";

/** Something that happened to a contact and has to meet its runs, in order. */
export type Work =
  | { kind: "answer"; runId: string; visit: number; answer: EffectAnswer }
  | { kind: "due"; runId: string }
  | { kind: "event"; occurrence: Occurrence }
  /** The contact was changed by somebody: what depends on its present state is to be looked at. */
  | { kind: "changed" };

/** A contact with all that the engine needs to know to decide. `runs` are the live ones. */
export type ContactState = {
  contact: Contact;
  runs: Map<string, Run>;
  admissions: Map<string, AdmissionRecord>;
  /** What it did, as far as flows ask. */
  activity?: Activity;
  /** The runs besides the live ones that goals may count for, and the goals that its runs have reached, by `conversionKey`. */
  ended?: readonly Run[];
  converted?: Set<string>;
};

/** Flows of one workspace: those that listen to an event, and any version that a run is pinned to. */
export type FlowLookup = {
  listening(eventName: string): readonly CompiledFlow[];
  /** True when some flow listens to the event, or a run of an earlier version may. */
  hears(eventName: string): boolean;
  version(flowId: string, version: number): CompiledFlow | undefined;
  abStates?: AbStates;
  /** True when runs of the flow that are due at this instant (null: at none) are not to be moved. */
  holds?(flowId: string, dueAt: Date | null): boolean;
};

export type DecideContext = {
  workspace: WorkspaceFacts;
  flows: FlowLookup;
  now: Date;
  newId: (lane: number) => string;
  /** How many more may enter today, of flows that have a daily cap: less by one with each run that begins. */
  room?: Map<string, number>;
};

/**
 * Decides what becomes of one contact's work, item by item in the order given. Each item sees what the ones before it did,
 * so the result does not depend on how work was cut into batches. Pure.
 */
export function decide(state: ContactState, work: readonly Work[], context: DecideContext): Decision {
  const decision = emptyDecision(state.contact);
  const deciding = { state, decision, context };
  for (const item of work) {
    if (item.kind === "event") meetEvent(deciding, item.occurrence);
    else if (item.kind === "changed") meetChange(deciding);
    else wakeRun(deciding, item);
  }
  return decision;
}

/** A decision under way: the contact as it is by now, what was decided so far, and what it goes by. */
type Deciding = { state: ContactState; decision: Decision; context: DecideContext };

function wakeRun(deciding: Deciding, work: Extract<Work, { kind: "answer" | "due" }>): void {
  const run = deciding.state.runs.get(work.runId);
  if (!run || !isLive(run)) return;
  if (work.kind === "answer" && (run.status !== "asking" || run.visit !== work.visit)) return;
  if (work.kind === "due" && (run.wakeAt === null || run.wakeAt > deciding.context.now)) return;
  move(deciding, run, work.kind === "answer" ? { answer: work.answer } : {});
}

function meetEvent(deciding: Deciding, occurrence: Occurrence): void {
  const { state, decision, context } = deciding;
  // Before anything moves: an event may be the goal of a run and end it.
  reachGoals(deciding, occurrence);
  for (const run of [...state.runs.values()]) {
    exitByEvent(deciding, run, occurrence);
    meetRun(deciding, run.id, occurrence);
  }
  for (const flow of context.flows.listening(occurrence.name)) {
    const entry = enter(deciding, flow, occurrence);
    if (entry?.outcome) decision.outcomes.push(entry.outcome);
    if (entry?.enter) start(deciding, { flow, occurrence, ...entry.enter });
  }
}

/** The contact is not what it was: runs that rest look again. */
function meetChange(deciding: Deciding): void {
  const occurrence = changedOccurrence(deciding.context.now);
  for (const id of [...deciding.state.runs.keys()]) meetRun(deciding, id, occurrence);
}

function meetRun(deciding: Deciding, runId: string, occurrence: Occurrence): void {
  const { state, context } = deciding;
  const run = state.runs.get(runId);
  const flow = run && context.flows.version(run.flowId, run.version);
  if (!(run && flow?.listensTo.has(occurrence.name))) return;
  const { workspace, now } = context;
  const { abStates, holds } = context.flows;
  const isHeld = holds?.(run.flowId, run.wakeAt) ?? false;
  keep(deciding, meet(flow, run, { workspace, now, abStates, occurrence, isHeld, ...state }));
}

/** An entry that throws keeps the contact out of its flow, and says so; other flows are not touched by it. */
function enter({ state, decision, context }: Deciding, flow: CompiledFlow, occurrence: Occurrence): Entry | null {
  try {
    return enterFlow(flow, occurrence, routeContext(state, context));
  } catch (error) {
    decision.bugs.push({ error, flowId: flow.id, runId: null });
    return notStarted(flow, occurrence, { reason: "internal_error", entry: null, detail: null });
  }
}

function exitByEvent(deciding: Deciding, run: Run, occurrence: Occurrence): void {
  const { state, decision, context } = deciding;
  const flow = context.flows.version(run.flowId, run.version);
  if (!flow || !isLive(run)) return;
  const rule = exitRuleFor(flow, { run, occurrence }, routeContext(state, context));
  if (rule < 0) return;
  const moved = unmoved(run, state.contact);
  exitRun(moved, `exit_rule_${rule}`, context.now);
  keep(deciding, moved);
  decision.outcomes.push({
    eventId: occurrence.id,
    flowId: run.flowId,
    version: run.version,
    entry: null,
    outcome: "exited",
    reason: `exit_rule_${rule}`,
    detail: null,
    runId: run.id,
  });
}

type Start = Entered & { flow: CompiledFlow; occurrence: Occurrence };

function start(deciding: Deciding, { flow, occurrence, entry, key, replaces, payload }: Start): void {
  const { state, decision, context } = deciding;
  const { now } = context;
  for (const run of replaces) {
    const moved = unmoved(run, state.contact);
    replaceRun(moved, now);
    keep(deciding, moved);
  }
  const { contact } = state;
  const began = payload === occurrence.payload ? occurrence : { ...occurrence, payload };
  const run = newRun(flow, { id: context.newId(contact.lane), contact, occurrence: began, entry, key, now });
  const room = context.room?.get(flow.id);
  if (room !== undefined) context.room?.set(flow.id, room - 1);
  decision.runs.set(run.id, { run, isNew: true, trail: [] });
  decision.admissions.push({ flowId: flow.id, key, runId: run.id, at: now });
  for (const name of ["started", ...moveCounts(null, entry.next)])
    decision.counts.push({ flowId: flow.id, version: flow.version, name });
  decision.outcomes.push({
    eventId: occurrence.id,
    flowId: flow.id,
    version: flow.version,
    entry: entry.name,
    outcome: "started",
    reason: null,
    detail: null,
    runId: run.id,
  });
  state.admissions.set(admissionKey(flow.id, key), { lastAt: now, runId: run.id });
  move(deciding, run, {});
}

function move(deciding: Deciding, run: Run, given: { answer?: EffectAnswer }): void {
  const { contact, activity = noActivity } = deciding.state;
  const { workspace, now, flows } = deciding.context;
  const flow = flows.version(run.flowId, run.version);
  if (flow) {
    keep(deciding, advance(flow, run, { contact, activity, workspace, now, abStates: flows.abStates, ...given }));
    return;
  }
  const moved = unmoved(run, contact);
  moved.bugs.push(new Error(`Version ${run.version} of flow ${run.flowId} is missing.`));
  failRun(moved, "flow_version_missing", now);
  keep(deciding, moved);
}

function keep(deciding: Deciding, moved: Advanced): void {
  const { state, decision } = deciding;
  const { run } = moved;
  const kept = decision.runs.get(run.id);
  if (run === state.runs.get(run.id) && moved.trail.length + moved.bugs.length === 0) return;
  addOccurrences(deciding, moved);
  if (run.status === "exited" || run.status === "cancelled") stop(decision, run);
  decision.runs.set(run.id, { run, isNew: kept?.isNew ?? false, trail: [...(kept?.trail ?? []), ...moved.trail] });
  for (const taken of moved.variants) decision.variants.push({ ...taken, run });
  decision.changes.push(...moved.changes);
  for (const effect of moved.effects) decision.effects.push({ run, effect });
  for (const error of moved.bugs) decision.bugs.push({ error, flowId: run.flowId, runId: run.id });
  for (const name of moved.counts) decision.counts.push({ flowId: run.flowId, version: run.version, name });
  decision.contact = moved.contact;
  state.contact = moved.contact;
  if (isLive(run)) state.runs.set(run.id, run);
  else state.runs.delete(run.id);
}

/** What the run asked for before this move is taken back; what it asked for on its way to the end it meant. */
function stop(decision: Decision, run: Run): void {
  decision.stopped.push(run);
  decision.withdrawn.push(...decision.effects.filter((asked) => asked.run.id === run.id));
  decision.effects = decision.effects.filter((asked) => asked.run.id !== run.id);
}

/** Where the count ends: far beyond what starts anything, and small enough to store. Runs that wake each other can get here. */
const deepest = 1000;

/** What the run made happen, and what changes of its contact mean to flows that listen to them. */
function addOccurrences({ state, decision, context }: Deciding, moved: Advanced): void {
  const { run, contact, occurrences, changes } = moved;
  const { flows } = context;
  const set = changes.flatMap((change) => (change.kind === "set-properties" ? Object.keys(change.properties) : []));
  const made = [...occurrences, ...changeOccurrences(state.contact, contact, { ...flows, set })];
  if (flows.hears(occurrenceName.contactChanged) && isChanged(state.contact, contact))
    decision.changed = Math.min(decision.changed ?? run.priority, run.priority) as Priority;
  for (const occurrence of made)
    decision.occurrences.push({
      ...occurrence,
      id: context.newId(run.lane),
      depth: Math.min(run.depth + 1, deepest),
      priority: run.priority,
      isHeard: flows.hears(occurrence.name),
    });
}

function routeContext(state: ContactState, context: DecideContext): RouteContext {
  return {
    contact: state.contact,
    workspace: context.workspace,
    liveRuns: [...state.runs.values()],
    admissions: state.admissions,
    room: context.room,
    now: context.now,
  };
}
