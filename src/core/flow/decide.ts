import type { Contact, ContactChange } from "../contact.ts";
import {
  type Advanced,
  type AskedEffect,
  advance,
  type Count,
  exitRun,
  failRun,
  unmoved,
  type WorkspaceFacts,
} from "./advance.ts";
import type { CompiledEntry, CompiledFlow } from "./compile.ts";
import type { EffectAnswer } from "./effect.ts";
import { newRun } from "./new-run.ts";
import {
  type AdmissionRecord,
  admissionKey,
  type Entry,
  type EventOutcome,
  enterFlow,
  exitRuleFor,
  notStarted,
  type RouteContext,
} from "./route.ts";
import { isLive, type Run, type TrailEntry } from "./run.ts";
import type { Occurrence } from "./step-kind.ts";

/** Something that happened to a contact and has to meet its runs, in order. */
export type Work =
  | { kind: "answer"; runId: string; visit: number; answer: EffectAnswer }
  | { kind: "due"; runId: string }
  | { kind: "event"; occurrence: Occurrence };

/** A contact with all that the engine needs to know to decide. `runs` are the live ones. */
export type ContactState = {
  contact: Contact;
  runs: Map<string, Run>;
  admissions: Map<string, AdmissionRecord>;
};

/** Flows of one workspace: those that listen to an event, and any version that a run is pinned to. */
export type FlowLookup = {
  listening(eventName: string): readonly CompiledFlow[];
  version(flowId: string, version: number): CompiledFlow | undefined;
};

export type DecideContext = {
  workspace: WorkspaceFacts;
  flows: FlowLookup;
  now: Date;
  newRunId: (lane: number) => string;
};

/** What a pass has to write for one contact. `runs` holds the last state of every run that moved or began. */
export type Decision = {
  contact: Contact;
  changes: ContactChange[];
  runs: Map<string, { run: Run; isNew: boolean; trail: TrailEntry[] }>;
  effects: { run: Run; effect: AskedEffect }[];
  outcomes: EventOutcome[];
  admissions: { flowId: string; key: string | null; runId: string; at: Date }[];
  counts: { flowId: string; version: number; name: Count }[];
  /** Bugs that were met, for the log; each has cost one run or one entry, and the rest went on. */
  bugs: { error: unknown; flowId: string; runId: string | null }[];
};

/**
 * Decides what becomes of one contact's work, item by item in the order given. Each item sees what the ones before it did,
 * so the result does not depend on how work was cut into batches. Pure.
 */
export function decide(state: ContactState, work: readonly Work[], context: DecideContext): Decision {
  const decision: Decision = {
    contact: state.contact,
    changes: [],
    runs: new Map(),
    effects: [],
    outcomes: [],
    admissions: [],
    counts: [],
    bugs: [],
  };
  const deciding = { state, decision, context };
  for (const item of work) {
    if (item.kind === "event") meetEvent(deciding, item.occurrence);
    else wakeRun(deciding, item);
  }
  return decision;
}

/** A decision under way: the contact as it is by now, what was decided so far, and what it goes by. */
type Deciding = { state: ContactState; decision: Decision; context: DecideContext };

function wakeRun(deciding: Deciding, work: Exclude<Work, { kind: "event" }>): void {
  const run = deciding.state.runs.get(work.runId);
  if (!run || !isLive(run)) return;
  if (work.kind === "answer" && (run.status !== "asking" || run.visit !== work.visit)) return;
  if (work.kind === "due" && (run.wakeAt === null || run.wakeAt > deciding.context.now)) return;
  move(deciding, run, work.kind === "answer" ? work.answer : undefined);
}

function meetEvent(deciding: Deciding, occurrence: Occurrence): void {
  const { state, decision, context } = deciding;
  for (const run of [...state.runs.values()]) exitByEvent(deciding, run, occurrence);
  for (const flow of context.flows.listening(occurrence.name)) {
    const entry = enter(deciding, flow, occurrence);
    if (entry?.outcome) decision.outcomes.push(entry.outcome);
    if (entry?.enter) start(deciding, { flow, occurrence, ...entry.enter });
  }
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

type Start = { flow: CompiledFlow; occurrence: Occurrence; entry: CompiledEntry; key: string | null };

function start(deciding: Deciding, { flow, occurrence, entry, key }: Start): void {
  const { state, decision, context } = deciding;
  const { now } = context;
  const { contact } = state;
  const run = newRun(flow, { id: context.newRunId(contact.lane), contact, occurrence, entry, key, now });
  decision.runs.set(run.id, { run, isNew: true, trail: [] });
  decision.admissions.push({ flowId: flow.id, key, runId: run.id, at: now });
  decision.counts.push({ flowId: flow.id, version: flow.version, name: "started" });
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
  move(deciding, run, undefined);
}

function move(deciding: Deciding, run: Run, answer: EffectAnswer | undefined): void {
  const { contact } = deciding.state;
  const { workspace, now, flows } = deciding.context;
  const flow = flows.version(run.flowId, run.version);
  if (flow) {
    keep(deciding, advance(flow, run, { contact, workspace, answer, now }));
    return;
  }
  const moved = unmoved(run, contact);
  moved.bugs.push(new Error(`Version ${run.version} of flow ${run.flowId} is missing.`));
  failRun(moved, "flow_version_missing", now);
  keep(deciding, moved);
}

function keep({ state, decision }: Deciding, moved: Advanced): void {
  const { run } = moved;
  const kept = decision.runs.get(run.id);
  decision.runs.set(run.id, { run, isNew: kept?.isNew ?? false, trail: [...(kept?.trail ?? []), ...moved.trail] });
  decision.changes.push(...moved.changes);
  for (const effect of moved.effects) decision.effects.push({ run, effect });
  for (const error of moved.bugs) decision.bugs.push({ error, flowId: run.flowId, runId: run.id });
  for (const name of moved.counts) decision.counts.push({ flowId: run.flowId, version: run.version, name });
  decision.contact = moved.contact;
  state.contact = moved.contact;
  if (isLive(run)) state.runs.set(run.id, run);
  else state.runs.delete(run.id);
}

function routeContext(state: ContactState, context: DecideContext): RouteContext {
  return {
    contact: state.contact,
    workspace: context.workspace,
    liveRuns: [...state.runs.values()],
    admissions: state.admissions,
    now: context.now,
  };
}
