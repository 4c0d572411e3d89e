import { evaluate } from "../condition/condition.ts";
import { type Contact, contactScope } from "../contact.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Scope } from "../scope.ts";
import { renderTemplate } from "../template/template.ts";
import { addDuration, firstTimeZone, isoText } from "../time.ts";
import type { CompiledEntry, CompiledFlow } from "./compile.ts";
import { flowLimits } from "./definition.ts";
import type { Run } from "./run.ts";
import { runKey } from "./run-key.ts";
import { runScope } from "./run-scope.ts";
import type { Occurrence } from "./step-kind.ts";
import type { WorkspaceFacts } from "./workspace-facts.ts";

/** What is remembered of a contact's earlier entries into a flow under one key. */
export type AdmissionRecord = { lastAt: Date; runId: string };

/** Earlier entries of a contact by `admissionKey`. */
export type Admissions = Pick<ReadonlyMap<string, AdmissionRecord>, "get">;

/** What one event did to one flow, or why it did nothing. */
export type EventOutcome = {
  eventId: string;
  flowId: string;
  version: number;
  entry: string | null;
  outcome: "started" | "not_started" | "exited";
  reason: string | null;
  detail: Json;
  runId: string | null;
};

export type RouteContext = {
  contact: Contact;
  workspace: WorkspaceFacts;
  liveRuns: readonly Run[];
  admissions: Admissions;
  /** How many more may enter today, of flows that have a daily cap. */
  room?: ReadonlyMap<string, number> | undefined;
  now: Date;
};

export function admissionKey(flowId: string, key: string | null): string {
  return `${flowId}|${key ?? ""}`;
}

/** The exit rule of `flow` that `occurrence` fulfils for `run`, as its index, or -1. */
export function exitRuleFor(
  flow: CompiledFlow,
  { run, occurrence }: { run: Run; occurrence: Occurrence },
  context: RouteContext,
): number {
  return flow.definition.exitWhen.findIndex((rule) => {
    if (!("event" in rule) || rule.event !== occurrence.name) return false;
    if (rule.where === undefined) return true;
    const scope = runScope(flow, run, context);
    return evaluate(
      rule.where,
      { ...scope, event: occurrence.payload, run: { ...scope.run, event: run.event } },
      context.now,
    );
  });
}

/** `replaces` are live runs whose place the new one takes. */
export type Entered = {
  entry: CompiledEntry;
  key: string | null;
  replaces: readonly Run[];
  /** What the run shows as its event. */
  payload: JsonObject;
};
export type Entry = { enter: Entered; outcome: null } | { enter: null; outcome: EventOutcome };

/**
 * Says whether `occurrence` brings the contact into `flow`: by which entry and under which key, or why not.
 * Null when no entry of the flow listens to it. The first entry that accepts wins.
 */
export function enterFlow(flow: CompiledFlow, occurrence: Occurrence, context: RouteContext): Entry | null {
  const entries = flow.entriesOf.get(occurrence.name);
  if (entries === undefined) return null;
  const refuse = (reason: string, entry: string | null = null, detail: Json = null) =>
    notStarted(flow, occurrence, { reason, entry, detail });
  if (occurrence.target && occurrence.target.flowId !== flow.id) return refuse("meant_for_another_flow");
  if (flow.status !== "active") return refuse(`flow_${flow.status}`);
  const scope = eventScope(occurrence, context);
  let refused: Entry | null = null;
  for (const entry of entries) {
    const admission = entry.kind.accepts(entry.config, occurrence, { entry: entry.name, scope, now: context.now });
    if (!admission.admit) {
      refused ??= refuse(admission.reason, entry.name, admission.detail ?? null);
      continue;
    }
    if (occurrence.depth > flowLimits.depth) return refuse("loop_guard", entry.name, { starts: occurrence.depth });
    return admitted(flow, { occurrence, entry, payload: admission.payload ?? occurrence.payload, scope }, context);
  }
  return refused;
}

type Admitted = { occurrence: Occurrence; entry: CompiledEntry; payload: JsonObject; scope: Scope };

/** What the rules of the flow say of someone whom an entry lets in. */
function admitted(flow: CompiledFlow, { occurrence, entry, payload, scope }: Admitted, context: RouteContext): Entry {
  const refuse = (reason: string, detail: Json = null) =>
    notStarted(flow, occurrence, { reason, entry: entry.name, detail });
  const { key, reason, replaces = [] } = reentryOf(flow, { ...scope, event: payload }, context);
  if (reason !== null) return refuse(reason, key === null ? null : { key });
  const room = context.room?.get(flow.id) ?? 1;
  if (room <= 0) return refuse("daily_cap", { perDay: flow.definition.admission?.perDay ?? null });
  return { enter: { entry, key, replaces, payload }, outcome: null };
}

/** The outcome that says why `occurrence` did not bring the contact into `flow`. */
export function notStarted(
  flow: CompiledFlow,
  occurrence: Occurrence,
  why: Pick<EventOutcome, "reason" | "entry" | "detail">,
): Entry {
  const { reason, entry, detail } = why;
  const { id: flowId, version } = flow;
  const outcome = "not_started";
  return {
    enter: null,
    outcome: { eventId: occurrence.id, flowId, version, runId: null, reason, entry, detail, outcome },
  };
}

function reentryOf(
  flow: CompiledFlow,
  scope: Scope,
  context: RouteContext,
): { key: string | null; reason: string | null; replaces?: readonly Run[] } {
  const { reentry } = flow.definition;
  const key = reentry.key === undefined ? null : safeKey(reentry.key, scope);
  if (key === "") return { key, reason: "key_empty" };
  const last = context.admissions.get(admissionKey(flow.id, key));
  // Whether that run has ended or not: so whoever knows that the contact was let in knows the reason, for good.
  if (last && reentry.mode === "never") return { key, reason: "entered_before" };
  const live = context.liveRuns.filter((run) => run.flowId === flow.id && run.key === key);
  // Of flows that let in once only a run without an admission comes here; none is made, and none may double.
  if (live.length > 0 && (reentry.mode === "never" || reentry.whileRunning === "ignore"))
    return { key, reason: "already_running" };
  const replaces = reentry.mode !== "never" && reentry.whileRunning === "restart" ? live : [];
  if (reentry.mode !== "after" || !last) return { key, reason: null, replaces };
  const zone = firstTimeZone([context.contact.timeZone, context.workspace.timeZone]);
  const again = addDuration(last.lastAt, reentry.span, zone);
  return { key, reason: again <= context.now ? null : "entered_too_recently", replaces };
}

/** A key that cannot be rendered counts as empty: the event is then refused with a reason, not lost. */
function safeKey(template: string, scope: Scope): string {
  try {
    return runKey(renderTemplate(template, scope, "text"));
  } catch {
    return "";
  }
}

function eventScope(occurrence: Occurrence, { contact, workspace, now }: RouteContext): Scope {
  return {
    contact: contactScope(contact),
    event: occurrence.payload,
    run: { eventName: occurrence.name, eventAt: isoText(occurrence.acceptedAt), now: isoText(now) },
    steps: {},
    workspace: { id: workspace.id, name: workspace.name, timeZone: workspace.timeZone },
  };
}
