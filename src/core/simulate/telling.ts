import { applyChange, type Contact, contactScope, identityKinds, mergeProperties } from "../contact.ts";
import type { PastEvent, PastMessageEvent } from "../flow/activity.ts";
import type { CompiledFlow } from "../flow/compile.ts";
import type { ContactState, FlowLookup, Work } from "../flow/decide.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";
import type { Run, TrailEntry } from "../flow/run.ts";
import type { Occurrence } from "../flow/step-kind.ts";
import type { SendingState } from "../message/sending.ts";
import { noSegments, type SegmentSet } from "../segment/segment-set.ts";
import type { AbBook } from "./ab-book.ts";
import type { Tick } from "./clock-entries.ts";
import { firstMembership } from "./first-membership.ts";
import { Line } from "./line.ts";
import type { OutgoingMail } from "./outgoing-mail.ts";
import type { Arrival, Place, SimulatedContact, SimulationInput, Subject } from "./simulation.ts";

/** What all contacts of a simulation share. */
export type Stage = {
  input: SimulationInput;
  flows: FlowLookup;
  byId: ReadonlyMap<string, CompiledFlow>;
  segments: SegmentSet;
  ticks: readonly Tick[];
  tests: AbBook;
  /** The flows with a daily cap, and how many have entered, by `dayKey`. */
  capped: readonly { id: string; perDay: number }[];
  started: Map<string, number>;
  /** What was sent to whom, for caps, and how far rates are used. */
  sending: SendingState;
  newId: (lane: number) => string;
  warnings: Set<string>;
  /** Entries of trails so far. */
  steps: number;
  isCut: boolean;
};

type Later<What> = What & { at: Date };

/** Something that became of a message and is to be heard: as an event, and by conditions that look back. */
export type MessageNews = { occurrence: Omit<Occurrence, "acceptedAt">; past: PastMessageEvent };

/** What the world has to do or to say at some instant. */
export type WorldItem =
  | { kind: "answer"; work: Work }
  | { kind: "mail"; mail: OutgoingMail }
  | ({ kind: "news" } & MessageNews);

/** A message that was sent. `visit` and `depth` are those of its run when it asked for it. */
export type SentMessage = {
  messageId: string;
  flowId: string;
  step: string;
  channel: string;
  runId: string;
  visit: number;
  depth: number;
  askedAt: Date;
};

/** The story of one contact while it is told: how it stands, what is still to come, and what was seen so far. */
export type Telling = {
  stage: Stage;
  state: ContactState;
  /** True until the first arrival, of a contact that it makes. */
  isNew: boolean;
  line: Line;
  arrivals: Arrival[];
  /** The place of the next look of flows that start by the clock. */
  nextTick: number;
  /** What the world does, in the order in which it was asked: mails to hand over, answers of calls, news of messages. */
  world: Later<WorldItem>[];
  sent: SentMessage[];
  /** When time alone may change the segments of the contact. */
  checkAt: Date | null;
  events: PastEvent[];
  messages: PastMessageEvent[];
  called: Map<unknown, number>;
  /** Addresses that are not written to any more, as `channel|address`, with the reason. */
  suppressed: Map<string, string>;
  /** The runs of the contact, as they are by now. */
  runs: Map<string, Run>;
  eventNames: Map<string, string>;
  told: Omit<SimulatedContact, "runs" | "contact">;
};

/** The story of a contact before it begins. */
export function beginTelling(stage: Stage, { contact: given, arrivals, isNew = false, suppressed }: Subject): Telling {
  const { id, externalId, email, phone, activity } = given;
  const first = isNew ? nobody : firstMembership(given, stage.segments, stage.input.from);
  const segments = [...(given.segments ?? []), ...first.entered];
  const contact = stage.segments === noSegments ? given : { ...given, segments };
  return {
    stage,
    state: { contact, runs: new Map(), admissions: new Map() },
    isNew,
    line: new Line(),
    arrivals: [...arrivals],
    nextTick: 0,
    ...{ world: [], sent: [] },
    checkAt: first.nextAt,
    events: [...(activity?.events ?? [])],
    messages: [...(activity?.messages ?? [])],
    called: new Map(),
    suppressed: new Map(suppressed),
    runs: new Map(),
    eventNames: new Map(),
    told: {
      ...{ id, externalId, email, phone, path: [], steps: [], messages: [], calls: [], events: [], outcomes: [] },
    },
  };
}

const nobody = { entered: [], nextAt: null };

/** The contact with what an event brings of it: missing identities are filled, properties laid over it, lists joined or left. */
export function changedBy(contact: Contact, { identity, properties, lists }: Arrival["change"]): Contact {
  const filled = identityKinds.filter((kind) => contact[kind] === null && identity[kind] !== undefined);
  let changed = contact;
  if (filled.length > 0) changed = { ...changed, ...Object.fromEntries(filled.map((kind) => [kind, identity[kind]])) };
  if (Object.keys(properties).length > 0)
    changed = { ...changed, properties: mergeProperties(changed.properties, properties) };
  for (const [listId, state] of Object.entries(lists))
    changed = applyChange(changed, { kind: "set-membership", listId, state });
  return changed;
}

/** True when somebody wants to know that a contact is not what it was, whatever it is that changed. */
export function isWatched({ flows, segments }: Stage): boolean {
  return flows.hears(occurrenceName.contactChanged) || segments.readsContacts;
}

/** Where a run belongs, by names that people know. */
export function placeOfRun({ byId }: Stage, { id, flowId, version }: Run): Place {
  return { flow: byId.get(flowId)?.definition.name ?? flowId, flowId, version, runId: id };
}

/** Takes down a step of a trail, and what of it belongs to the path. */
export function addStep({ stage, told }: Telling, run: Run, entry: TrailEntry): void {
  stage.steps += 1;
  told.steps.push({ ...placeOfRun(stage, run), ...entry });
  const word = wordOf(entry);
  if (word !== null) told.path.push(word);
}

function wordOf({ kind, step, outcome, exit, reason }: TrailEntry): string | null {
  if (outcome === "went") return `${step}:${exit}`;
  if (outcome === "ended") return step;
  if (outcome === "moved") return `${step}:>`;
  // A notice that failed has not ended the run.
  if (kind === "http" || kind === "email") return null;
  return outcome === "failed" || outcome === "exited" || outcome === "cancelled" ? `!${reason}` : null;
}

/** Warns of something about a run. */
export function warn({ stage }: Telling, run: Run, what: string): void {
  stage.warnings.add(`A run of "${placeOfRun(stage, run).flow}" ${what}.`);
}

/** What was seen of the contact, from beginning to end. */
export function endTelling({ stage, state, runs, told }: Telling): SimulatedContact {
  const { externalId, email, phone } = state.contact;
  return {
    ...told,
    ...{ externalId, email, phone },
    runs: [...runs.values()].map((run) => ({
      ...placeOfRun(stage, run),
      entry: run.entry,
      key: run.key,
      status: run.status,
      step: run.step,
      reason: run.reason,
      startedAt: run.startedAt.toISOString(),
      endedAt: run.endedAt?.toISOString() ?? null,
      wakeAt: run.wakeAt?.toISOString() ?? null,
      vars: run.vars,
    })),
    contact: contactScope(state.contact),
  };
}
