import { readsOf } from "../condition/reads.ts";
import type { Contact } from "../contact.ts";
import type { CompiledEntry, CompiledFlow } from "./compile.ts";
import { conditionsIn } from "./conditions-in.ts";
import { type EventOutcome, enterFlow, type RouteContext } from "./route.ts";
import type { Occurrence } from "./step-kind.ts";
import type { WorkspaceFacts } from "./workspace-facts.ts";

/** What an event will do to a flow with an entry that listens to it. `open`: only the pass can say, for it depends on the contact. */
export type Expectation =
  | { flow: CompiledFlow; outcome: "starts" | "open"; reason: null }
  | { flow: CompiledFlow; outcome: "refused"; reason: string };

/** `contact` is whom the event is about; `isNew`: the event has just made it, so nothing else is known of it. */
export type ExpectContext = { contact: Contact; isNew: boolean; workspace: WorkspaceFacts; now: Date };

/**
 * Says before the pass which flows an event will start, by the rules of the pass (`enterFlow`) and without looking anything up. Of a contact
 * that is not new only the identities count: what depends on more stays open. Pure.
 */
export function expectEntries(
  flows: readonly CompiledFlow[],
  occurrence: Occurrence,
  context: ExpectContext,
): Expectation[] {
  return flows.flatMap((flow) => expectEntry(flow, occurrence, context) ?? []);
}

const noAdmissions: RouteContext["admissions"] = new Map();

/** `entered`: entries of the contact into flows that are known, by `admissionKey`; there may be more, and later ones. */
export type RefusalContext = Pick<ExpectContext, "workspace" | "now"> & { entered?: RouteContext["admissions"] };

/**
 * The outcomes of an event that surely brings nobody into `flows`, by the rules of the pass and whoever it is about; null when only the pass
 * can say. Pure.
 */
export function sureRefusals(
  flows: readonly CompiledFlow[],
  occurrence: Occurrence,
  { workspace, now, entered = noAdmissions }: RefusalContext,
): EventOutcome[] | null {
  const outcomes: EventOutcome[] = [];
  try {
    for (const flow of flows) {
      // Only there it counts that the contact was let in, and not when.
      const admissions = flow.definition.reentry.mode === "never" ? entered : noAdmissions;
      const entry = enterFlow(flow, occurrence, { contact: anybody, workspace, now, liveRuns: [], admissions });
      if (entry === null) continue;
      if (entry.outcome === null) return null;
      const { reason } = entry.outcome;
      if (dependsOnMore(flow, occurrence, false) && !isCertain(flow, occurrence, reason ?? "")) return null;
      outcomes.push(entry.outcome);
    }
  } catch {
    // What makes a rule throw here the pass meets too, and puts on record.
    return null;
  }
  return outcomes;
}

/** Stands for every contact where none counts. */
const anybody: Contact = {
  id: "",
  lane: 0,
  workspaceId: "",
  externalId: null,
  email: null,
  phone: null,
  properties: {},
  tags: [],
  lists: {},
  timeZone: null,
  locale: null,
  createdAt: new Date(0),
};

function expectEntry(flow: CompiledFlow, occurrence: Occurrence, context: ExpectContext): Expectation | null {
  try {
    const { contact, workspace, now } = context;
    const entry = enterFlow(flow, occurrence, { contact, workspace, now, liveRuns: [], admissions: noAdmissions });
    if (entry === null) return null;
    const isOpen = dependsOnMore(flow, occurrence, context.isNew);
    if (entry.outcome === null)
      return { flow, outcome: isOpen || mayBarAgain(flow, context) ? "open" : "starts", reason: null };
    const reason = entry.outcome.reason ?? "unknown";
    return isOpen && !isCertain(flow, occurrence, reason)
      ? { flow, outcome: "open", reason: null }
      : { flow, outcome: "refused", reason };
  } catch {
    // What makes a rule throw here the pass meets too, and puts on record.
    return { flow, outcome: "open", reason: null };
  }
}

/** Whether the reason has nothing to do with the contact, whatever the entries ask for. */
function isCertain(flow: CompiledFlow, { name }: Occurrence, reason: string): boolean {
  if (reason === "meant_for_another_flow" || reason.startsWith("flow_")) return true;
  // Of several entries the first gives the reason, and another may let in whom it only knows by the contact.
  return reason.startsWith("other_") && flow.entriesOf.get(name)?.length === 1;
}

/** Whether the word of the entries depends on what is not known here: past events, messages and segments, and of a known contact anything. */
function dependsOnMore(flow: CompiledFlow, { name }: Occurrence, isNew: boolean): boolean {
  for (const entry of flow.entriesOf.get(name) ?? []) {
    const { isBeyond, isOfContact } = readsOfEntry(entry);
    if (isBeyond || (isOfContact && !isNew)) return true;
  }
  return !isNew && /\bcontact\b/.test(flow.definition.reentry.key ?? "");
}

/** Whether someone who was in the flow before, or is in it, may be kept out; and whether there may be no room today. */
function mayBarAgain({ definition: { reentry, admission } }: CompiledFlow, { isNew }: ExpectContext): boolean {
  if (admission?.perDay !== undefined) return true;
  return !isNew && (reentry.mode !== "always" || reentry.whileRunning === "ignore");
}

type EntryReads = { isOfContact: boolean; isBeyond: boolean };

const known = new WeakMap<CompiledEntry, EntryReads>();

function readsOfEntry(entry: CompiledEntry): EntryReads {
  const found = known.get(entry);
  if (found) return found;
  const { fields, events, messages, segments } = readsOf(conditionsIn(entry.config));
  const isBeyond = events.length + messages.size + segments.size > 0 || fields.has("segments");
  const reads = { isOfContact: fields.size > 0, isBeyond };
  known.set(entry, reads);
  return reads;
}
