import { endCounts } from "../../core/flow/counts.ts";
import { decide } from "../../core/flow/decide.ts";
import type { Decision, MadeOccurrence } from "../../core/flow/decision.ts";
import type { Conversion } from "../../core/flow/goals.ts";
import { endRun, type Run } from "../../core/flow/run.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { newIdInLane } from "../../operations/new-id.ts";
import type { AdmissionRow } from "../../storage/admissions.ts";
import type { ConversionRow } from "../../storage/conversions.ts";
import type { EventOutcomeRow } from "../../storage/event-outcomes.ts";
import type { EventRow } from "../../storage/event-rows.ts";
import type { TrailRow } from "../../storage/trail.ts";
import { addChanges, type ChangeRows } from "./collect-changes.ts";
import { addEffect, addStopped, type EffectRows } from "./collect-effects.ts";
import { collectSegments, collectTouched, type SegmentRows } from "./collect-segments.ts";
import { collectTests, type TestRows } from "./collect-tests.ts";
import type { ContactWork } from "./contact-work.ts";

/** All rows that a pass writes. */
export type PassRows = EffectRows &
  ChangeRows &
  SegmentRows & {
    newRuns: Run[];
    movedRuns: { run: Run; dataChanged: boolean }[];
    trail: TrailRow[];
    tests: TestRows;
    outcomes: EventOutcomeRow[];
    conversions: ConversionRow[];
    admissions: AdmissionRow[];
  };

export type CollectContext = {
  flows: FlowCache;
  now: Date;
  /** True: nothing is decided; what was to happen ends as failed. */
  quarantine: boolean;
  /** How many more may enter today, of flows that have a daily cap. */
  room: Map<string, number>;
  onBug: (error: unknown, about: { contactId: string; runIds: string[] }) => void;
};

/** Decides about every contact of a pass and gathers what has to be written. A contact whose decision throws does not stop the others. */
export function collect(contacts: readonly ContactWork[], context: CollectContext): PassRows {
  const rows: PassRows = {
    newRuns: [],
    movedRuns: [],
    trail: [],
    effects: [],
    events: [],
    messages: [],
    outcomes: [],
    conversions: [],
    admissions: [],
    patches: [],
    memberships: [],
    suppressions: [],
    changed: [],
    stopped: [],
    withdrawn: [],
    tests: { participants: [], wins: [] },
    segmentChanges: [],
    checks: [],
    counts: new Map(),
  };
  for (const contact of contacts) {
    collectContact(rows, contact, context);
  }
  return rows;
}

function collectContact(rows: PassRows, contact: ContactWork, context: CollectContext): void {
  const workspace = context.flows.workspace(contact.workspaceId);
  if (!contact.state || !workspace || context.quarantine) {
    failAll(rows, contact, { context, reason: context.quarantine ? "internal_error" : "contact_deleted" });
    return;
  }
  // The state is changed while deciding; the runs as they were loaded tell what changed.
  const before = new Map(contact.runs.map((run) => [run.id, run]));
  try {
    const decision = decide(contact.state, contact.work, {
      workspace,
      flows: context.flows.lookup(contact.workspaceId),
      now: context.now,
      newId: newIdInLane,
      room: context.room,
    });
    for (const { error, ...about } of decision.bugs)
      context.onBug(error, { contactId: contact.key.id, runIds: about.runId === null ? [] : [about.runId] });
    addDecision(rows, contact, { decision, before, now: context.now });
    collectTests(rows.tests, contact, { decision, flows: context.flows, workspace, now: context.now });
    collectTouched(rows, contact, { decision, flows: context.flows });
    collectSegments(rows, contact, { contact: decision.contact, flows: context.flows, now: context.now });
  } catch (error) {
    context.onBug(error, { contactId: contact.key.id, runIds: [...before.keys()] });
    failAll(rows, contact, { context, reason: "internal_error" });
  }
}

/** Ends the runs that were to move, and says of every event that nothing started: better than to fail at them for ever. */
function failAll(
  rows: PassRows,
  { key, workspaceId, runs, work }: ContactWork,
  { context, reason }: { context: CollectContext; reason: string },
): void {
  const { now } = context;
  const touched = new Set(work.flatMap((item) => ("runId" in item ? [item.runId] : [])));
  for (const run of runs.filter(({ id, endedAt }) => endedAt === null && touched.has(id))) {
    rows.movedRuns.push({ run: endRun(run, "failed", { now, reason }), dataChanged: false });
    for (const name of endCounts(run, "failed")) count(rows, run, { flowId: run.flowId, version: run.version, name });
    const entry = {
      visit: run.visit,
      step: run.step ?? "",
      kind: "engine",
      enteredAt: run.enteredAt.toISOString(),
      at: now.toISOString(),
    };
    rows.trail.push({
      lane: run.lane,
      runId: run.id,
      seq: run.visit,
      at: now,
      entries: [{ ...entry, outcome: "failed", reason }],
    });
  }
  for (const item of work) {
    if (item.kind !== "event") continue;
    context.flows
      .lookup(workspaceId)
      .listening(item.occurrence.name)
      .forEach((flow, ordinal) => {
        const about = {
          eventId: item.occurrence.id,
          flowId: flow.id,
          version: flow.version,
          entry: null,
          runId: null,
          detail: null,
        };
        rows.outcomes.push({
          ...about,
          outcome: "not_started",
          reason,
          lane: key.lane,
          contactId: key.id,
          workspaceId,
          ordinal,
          at: now,
        });
      });
  }
}

type Decided = { decision: Decision; before: ReadonlyMap<string, Run>; now: Date };

function addDecision(rows: PassRows, { key, workspaceId }: ContactWork, { decision, before, now }: Decided): void {
  for (const { run, isNew, trail } of decision.runs.values()) {
    const old = before.get(run.id);
    if (isNew) rows.newRuns.push(run);
    else rows.movedRuns.push({ run, dataChanged: run.vars !== old?.vars || run.steps !== old.steps });
    if (trail.length > 0)
      rows.trail.push({ lane: run.lane, runId: run.id, seq: trail[0]?.visit ?? 0, at: now, entries: trail });
  }
  for (const { run, effect } of decision.effects) addEffect(rows, run, { effect, now });
  addStopped(rows, decision, now);
  if (decision.changed !== null)
    rows.changed.push({ lane: key.lane, contactId: key.id, workspaceId, priority: decision.changed });
  for (const made of decision.occurrences) rows.events.push(eventOf(made, { workspaceId, now, ...key }));
  const ordinals = new Map<string, number>();
  for (const outcome of decision.outcomes) {
    const ordinal = ordinals.get(outcome.eventId) ?? 0;
    ordinals.set(outcome.eventId, ordinal + 1);
    rows.outcomes.push({ lane: key.lane, contactId: key.id, workspaceId, ordinal, at: now, ...outcome });
  }
  for (const admission of decision.admissions)
    rows.admissions.push({ lane: key.lane, contactId: key.id, ...admission });
  for (const { run, ...conversion } of decision.conversions) rows.conversions.push(conversionOf(run, conversion));
  for (const counted of decision.counts) count(rows, { workspaceId }, counted);
  addChanges(rows, { lane: key.lane, contactId: key.id, workspaceId }, { changes: decision.changes, now });
}

function conversionOf(run: Run, { goal, eventId, at }: Omit<Conversion, "run">): ConversionRow {
  const { lane, id: runId, workspaceId, flowId, version, contactId } = run;
  return { lane, runId, goal, workspaceId, flowId, version, contactId, eventId, at };
}

type MadeFor = { lane: number; id: string; workspaceId: string; now: Date };

/** An event that a flow made, as it is recorded. */
function eventOf({ id, name, payload, target, depth, priority, isHeard }: MadeOccurrence, contact: MadeFor): EventRow {
  return {
    lane: contact.lane,
    contactId: contact.id,
    id,
    workspaceId: contact.workspaceId,
    name,
    payload,
    occurredAt: contact.now,
    acceptedAt: contact.now,
    source: "flow",
    client: null,
    targetFlowId: target?.flowId ?? null,
    targetEntry: target?.entry ?? null,
    queued: isHeard,
    depth,
    priority,
  };
}

function count(
  rows: PassRows,
  { workspaceId }: { workspaceId: string },
  { flowId, version, name }: { flowId: string; version: number; name: string },
): void {
  const id = `${flowId}|${version}|${name}`;
  const found = rows.counts.get(id);
  if (found) found.by += 1;
  else rows.counts.set(id, { workspaceId, subject: flowId, version, name, by: 1 });
}
