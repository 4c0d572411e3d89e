import type { Contact, IdentityKind } from "../contact.ts";
import type { CompiledFlow } from "../flow/compile.ts";
import type { RunStatus, TrailEntry } from "../flow/run.ts";
import type { WorkspaceFacts } from "../flow/workspace-facts.ts";
import type { HttpResult } from "../http-request.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Stubs } from "./stubs.ts";

/** Something from outside that happens to a contact at an instant. `change` is laid over the contact as ingest would, before the flows meet the event. */
export type Arrival = {
  at: Date;
  name: string;
  payload: JsonObject;
  target: { flowId: string; entry?: string } | null;
  change: { identity: Partial<Record<IdentityKind, string>>; properties: JsonObject; joinList: string | null };
};

/** A contact as it is before anything happens, and what happens to it, in order of time. */
export type Subject = {
  contact: Contact;
  arrivals: Arrival[];
  /** Addresses that are not written to, as `channel|address`, with the reason. */
  suppressed?: ReadonlyMap<string, string>;
};

export type SimulationInput = {
  flows: readonly CompiledFlow[];
  workspace: WorkspaceFacts;
  subjects: readonly Subject[];
  stubs: Stubs;
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
  status: "sent" | "bounced" | "failed" | "held" | "cancelled";
  reason: string | null;
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
  source: "given" | "flow" | "clock" | "change" | "message";
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
