import type { Contact, IdentityKind, MembershipState } from "../contact.ts";
import type { ReadContactChange } from "../contact-change.ts";
import type { CompiledFlow } from "../flow/compile.ts";
import type { RunStatus, TrailEntry } from "../flow/run.ts";
import type { WorkspaceFacts } from "../flow/workspace-facts.ts";
import type { HttpResult } from "../http-request.ts";
import type { Json, JsonObject } from "../json.ts";
import type { MessageFeedback } from "../message/message-event.ts";
import type { SegmentSet } from "../segment/segment-set.ts";
import type { Stubs } from "./stubs.ts";

/** Something from outside that happens to a contact at an instant. */
export type Arrival = {
  at: Date;
  /** Laid over the contact as ingest would, before the flows meet the event. */
  change: ArrivalChange;
  /** What flows meet; null when nothing but the contact changes. */
  event: ArrivedEvent | null;
  /** What is reported of the newest message that fits and was sent to the contact before. */
  report: MessageReport | null;
};

export type ArrivedEvent = {
  name: string;
  payload: JsonObject;
  target: { flowId: string; entry?: string } | null;
};

export type ArrivalChange = {
  identity: Partial<Record<IdentityKind, string>>;
  properties: JsonObject;
  lists: Record<string, MembershipState>;
  /** A write of the contact by itself, as the API has it. */
  write: ReadContactChange | null;
};

/** Without flow or step, a message of any. */
export type MessageReport = { type: MessageFeedback; flowId: string | null; step: string | null; link: string | null };

/** A contact as it is before anything happens, and what happens to it, in order of time. */
export type Subject = {
  contact: Contact;
  arrivals: Arrival[];
  /** True for one whom the first arrival makes. */
  isNew?: boolean;
  /** Addresses that are not written to, as `channel|address`, with the reason. */
  suppressed?: ReadonlyMap<string, string>;
};

export type SimulationInput = {
  flows: readonly CompiledFlow[];
  workspace: WorkspaceFacts;
  subjects: readonly Subject[];
  stubs: Stubs;
  /** Whom they bring in and put out is known; without them nobody is in one. */
  segments?: SegmentSet;
  /** How many have entered flows with a daily cap before, by `dayKey`; brought up to date. */
  started?: Map<string, number>;
  /** From when on flows that start by the clock look at their audience. */
  from: Date;
  /** What would happen later does not happen. */
  until: Date;
  limits: SimulationLimits;
  defaultFrom?: string;
  /** Of messages of the same wording the texts are kept; false leaves them out. */
  keepsTexts?: boolean;
  /** Asked between passes; false ends the simulation, and it says so. */
  mayGoOn?: () => boolean;
};

/** `steps` are entries of all trails together, `ticks` the looks of flows that start by the clock. */
export type SimulationLimits = { steps: number; ticks: number };
export const defaultLimits: SimulationLimits = { steps: 100_000, ticks: 10_000 };

export type Place = { flow: string; flowId: string; version: number; runId: string };

export type SimulatedStep = Place & TrailEntry;

export type SimulatedMessage = Place & {
  at: string;
  step: string;
  channel: string;
  /** `notice` when it goes to people of the workspace instead of the contact. */
  purpose: string;
  /** `dropped` and `deferred` by a rule around sending; a deferred one was still to be sent when the simulation ended. */
  status: "sent" | "bounced" | "failed" | "held" | "cancelled" | "dropped" | "deferred";
  reason: string | null;
  sentAt: string | null;
  from: string | null;
  to: string | null;
  subject: string | null;
  html: string | null;
  text: string | null;
};

/** One attempt of an HTTP call. `stubbed` is false when no stub fitted it, so that it was answered with 200 and `{}`. */
export type SimulatedCall = Place & {
  at: string;
  step: string;
  method: string;
  url: string;
  attempt: number;
  stubbed: boolean;
  answer: HttpResult;
};

export type SimulatedEvent = {
  id: string;
  at: string;
  name: string;
  payload: JsonObject;
  source: "given" | "flow" | "clock" | "change" | "message" | "segment";
};

export type SimulatedOutcome = {
  at: string;
  eventId: string;
  event: string;
  flow: string;
  flowId: string;
  entry: string | null;
  outcome: "started" | "not_started" | "exited";
  reason: string | null;
  detail: Json;
  runId: string | null;
};

export type SimulatedRun = Place & {
  entry: string;
  key: string | null;
  status: RunStatus;
  step: string | null;
  reason: string | null;
  startedAt: string;
  endedAt: string | null;
  wakeAt: string | null;
  vars: JsonObject;
};

/** What became of one contact. `path` has each step left as `step:exit`, and each end as `step` (ended there) or `!reason`. */
export type SimulatedContact = {
  id: string;
  externalId: string | null;
  email: string | null;
  phone: string | null;
  path: string[];
  steps: SimulatedStep[];
  messages: SimulatedMessage[];
  calls: SimulatedCall[];
  events: SimulatedEvent[];
  outcomes: SimulatedOutcome[];
  runs: SimulatedRun[];
  /** The contact as it is in the end, as templates see it. */
  contact: JsonObject;
};

/** Counts of one flow: runs by what became of them, and how often each exit of each step was taken. */
export type SimulatedCounts = {
  flow: string;
  flowId: string;
  version: number;
  started: number;
  completed: number;
  exited: number;
  failed: number;
  cancelled: number;
  live: number;
  exits: Record<string, Record<string, number>>;
  messages: Record<string, number>;
};

/** What a simulation came to. `isCut`: a limit or the time ended it early. */
export type Simulation = {
  from: string;
  until: string;
  isCut: boolean;
  contacts: SimulatedContact[];
  counts: SimulatedCounts[];
  warnings: string[];
};
