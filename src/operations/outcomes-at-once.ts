import type { CompiledFlow } from "../core/flow/compile.ts";
import { sureRefusals } from "../core/flow/expect-entries.ts";
import { priorities } from "../core/flow/priority.ts";
import { type Admissions, admissionKey, type EventOutcome } from "../core/flow/route.ts";
import type { AdmissionKey } from "../storage/admissions.ts";
import type { SettledOutcome } from "../storage/event-rows.ts";
import type { FlowCache } from "./flow-cache.ts";
import type { IncomingEvent } from "./incoming-event.ts";

/** More flows than these listen to few events; the engine's thread has the time for them. */
const maxFlowsAtOnce = 20;

/** `contact`: whose the event is. `entered`: what is known of the flows that it entered, see `KnownAdmissions`. */
export type ArrivingEvent = {
  workspaceId: string;
  event: IncomingEvent;
  id: string;
  contact: { id: string; lane: number };
  entered: Admissions;
};

/**
 * What an event does when that depends on the event alone, or on flows that its contact entered, and is nothing: it then need not wait in line,
 * nor be read again. That the flows are those known here is checked as it is written. Null when the flows have to meet it.
 */
export function outcomesAtOnce(
  flows: FlowCache,
  { workspaceId, event, id, entered }: ArrivingEvent,
  now: Date,
): EventOutcome[] | null {
  const workspace = flows.workspace(workspaceId);
  const listening = startedAlone(flows, workspaceId, event.name);
  if (!workspace || listening === null) return null;
  const { name, payload, target } = event;
  const occurrence = { id, name, payload, target, acceptedAt: now, depth: 0, priority: priorities.normal };
  return sureRefusals(listening, occurrence, { workspace, now, entered });
}

/** The flows that an event may only start, where all that listen to it are such; null when there is more to it. */
function startedAlone(flows: FlowCache, workspaceId: string, name: string): readonly CompiledFlow[] | null {
  if (!flows.onlyStarts(workspaceId, name)) return null;
  const listening = flows.lookup(workspaceId).listening(name);
  return listening.length > maxFlowsAtOnce ? null : listening;
}

/**
 * The entries of its contact that are not known and, were they so, would settle an event that has to wait in line: into flows that let a
 * contact in only once. Where more than that is in question, none.
 */
export function entriesToLearn(flows: FlowCache, arriving: ArrivingEvent, now: Date): AdmissionKey[] {
  const { workspaceId, event, contact, entered } = arriving;
  const unknown = (startedAlone(flows, workspaceId, event.name) ?? []).flatMap(({ id, definition: { reentry } }) => {
    const key = admissionKey(id, null);
    return reentry.mode === "never" && reentry.key === undefined && !entered.get(key) ? [key] : [];
  });
  if (unknown.length === 0) return [];
  const supposed: Admissions = {
    get: (key) => (unknown.includes(key) ? { lastAt: now, runId: "" } : entered.get(key)),
  };
  const outcomes = outcomesAtOnce(flows, { ...arriving, entered: supposed }, now) ?? [];
  const { id: contactId, lane } = contact;
  return outcomes.flatMap(({ flowId, reason }) =>
    reason === "entered_before" && unknown.includes(admissionKey(flowId, null)) ? [{ lane, contactId, flowId }] : [],
  );
}

/** An outcome as it is kept with its event. */
export function settledOutcome({ flowId, version, entry, reason, detail }: EventOutcome): SettledOutcome {
  return { flowId, version, entry, reason, detail };
}
