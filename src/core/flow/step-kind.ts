import type { ZodType } from "zod";
import type { Audience } from "../audience.ts";
import type { Contact, ContactChange, IdentityKind } from "../contact.ts";
import type { Issue } from "../errors.ts";
import type { HttpRequest } from "../http-request.ts";
import type { Json, JsonObject } from "../json.ts";
import type { MailTemplate } from "../message/mail-template.ts";
import type { Scope } from "../scope.ts";
import type { AbState, AbTest } from "./ab-test.ts";
import type { Activity } from "./activity.ts";
import type { EffectAnswer, EffectRequest } from "./effect.ts";
import type { Priority } from "./priority.ts";
import type { WorkspaceFacts } from "./workspace-facts.ts";

/**
 * What a step sees. `visit` counts the steps of the run so far; `answer` is there once the effect it asked for is done, `occurrence` when
 * an event that the step listens to has come while the run stands on it, and `waitUntil` when the run wakes from a wait of this step.
 * `abState` is there when the step is a test that has begun.
 */
export type StepContext = {
  step: string;
  flowId: string;
  runId: string;
  visit: number;
  now: Date;
  enteredAt: Date;
  scope: Scope;
  contact: Contact;
  answer: EffectAnswer | undefined;
  occurrence: Occurrence | undefined;
  waitUntil: Date | null;
  abState: AbState | null;
  workspace: WorkspaceFacts;
  activity: Activity;
};

/** Something that a step or an entry makes happen to the same contact: recorded as an event, and met by the flows after what is in line already. */
export type NewOccurrence = {
  name: string;
  payload: JsonObject;
  target?: { flowId: string; entry?: string };
};

/** What a step decides. `detail` goes into the trail: inputs and outputs that explain the decision, never a secret. */
export type StepOutcome =
  | {
      kind: "go";
      exit: string;
      changes?: ContactChange[];
      effects?: EffectRequest[];
      occurrences?: NewOccurrence[];
      /** Variables of the run that change; null removes one. */
      vars?: Record<string, Json>;
      /** What is counted besides the exit that was taken. */
      counts?: readonly string[];
      /** The variant of the step's test by which the run takes part in it. */
      variant?: string;
      result?: Json;
      detail?: JsonObject;
    }
  /** Stays until the instant, or until an event that the step listens to; null: only until an event. */
  | { kind: "wait"; until: Date | null; detail?: JsonObject }
  | { kind: "ask"; effect: EffectRequest; detail?: JsonObject }
  | { kind: "end"; detail?: JsonObject }
  | { kind: "fail"; reason: string; detail?: JsonObject };

/** What validation may look at besides the step's own configuration. */
export type CheckContext = { stepNames: readonly string[] };

/** Something of the workspace that a configuration names by its id, and where in the configuration it does. */
export type Reference = { kind: "flow" | "list" | "segment"; id: string; path: string };

/**
 * A kind of step. `run` is pure: the same configuration and context give the same outcome.
 * `check` finds what the schema cannot say (a template with an error, an unknown variable); issue paths are relative to the configuration.
 * `listensTo` names the events that reach a run standing on the step; `pauses` says that a run rests on the step: without it the step lets
 * runs through at once, and a loop of such steps alone is refused; `reachedFromAnywhere` says that runs may jump here without an exit that
 * leads here. `leadsTo` gives the steps that the configuration itself names, by the field that does, `setsVars` the variables of the run that the step may
 * set, `refersTo` what has to be there when the flow is published. `request` and `mail` say what an effect of the step asks for, with
 * templates that read the effect's data.
 */
export type StepKind<Config = unknown> = {
  name: string;
  title: string;
  config: ZodType<Config>;
  exits(config: Config): readonly string[];
  listensTo?(config: Config): readonly string[];
  pauses?(config: Config): boolean;
  reachedFromAnywhere?(config: Config): boolean;
  leadsTo?(config: Config): Readonly<Record<string, string>>;
  setsVars?(config: Config): readonly string[];
  refersTo?(config: Config): readonly Reference[];
  request?(config: Config): HttpRequest | null;
  mail?(config: Config): MailTemplate | null;
  /** The test of variants that the step is. */
  test?(config: Config): AbTest;
  /** The exit by which a wait that a person cuts short is left; the first one when absent. */
  skipExit?(config: Config): string;
  /** True when the step sends a message to the contact. */
  sends?(config: Config): boolean;
  check?(config: Config, context: CheckContext): Issue[];
  run(config: Config, context: StepContext): StepOutcome;
};

/** An event as entries meet it. `target` names the one flow (and entry) it is meant for, when it is. */
export type Occurrence = {
  id: string;
  name: string;
  payload: JsonObject;
  acceptedAt: Date;
  target: { flowId: string; entry?: string } | null;
  /** How many flows in a row have led to it without a pause; what stops flows from starting each other for ever. */
  depth: number;
  /** The priority of what it starts; a flow may ask for another one. */
  priority: Priority;
};

/** `payload` is what the run shows as its event, in place of what the event brought. */
export type Admission = { admit: true; payload?: JsonObject } | { admit: false; reason: string; detail?: JsonObject };

/** What an entry with an address of its own wants of calls: an API key or only the token, and the list that contacts join. */
export type CallSettings = { event: string; auth: "token" | "api-key"; list: string | null };

/** What the body of a call says. `paths` tells where in the body each field is read, for messages about what is wrong with it. */
export type ReadCall = {
  identity: Partial<Record<IdentityKind, string>>;
  properties: JsonObject;
  paths: Readonly<Record<string, string>>;
  issues: Issue[];
};

/**
 * A kind of entry. `listensTo` returns the event names that can start a flow by it; names with a leading `$` are ours.
 * `accepts` says whether this occurrence is one, with the reason when it is not.
 * `call` is there for kinds whose entries get an address of their own, which turns calls into events; `start` for kinds that the API can
 * start: it reads the variables given, with paths of issues relative to them; `schedule` for kinds that start by the clock.
 */
export type EntryKind<Config = unknown> = {
  name: string;
  title: string;
  config: ZodType<Config>;
  check?(config: Config, context: CheckContext): Issue[];
  listensTo(config: Config, place: EntryPlace): readonly string[];
  accepts(config: Config, occurrence: Occurrence, context: { entry: string; scope: Scope; now: Date }): Admission;
  call?: {
    settings(config: Config): CallSettings;
    read(config: Config, body: Json): ReadCall;
    /** A body that has everything the entry reads. */
    example(config: Config): JsonObject;
  };
  start?: { read(config: Config, given: JsonObject): { variables: JsonObject; issues: Issue[] } };
  schedule?: EntrySchedule<Config>;
};

/** Where an entry stands. */
export type EntryPlace = { flowId: string; entry: string };

/** The span between two looks at an audience: `from` is not part of it, `to` is. `timeZone` is that of the workspace. */
export type LookWindow = { from: Date; to: Date; timeZone: string };

/** Days, as YYYY-MM-DD or (for every year) MM-DD, that a property names in plain dates, and in instants. */
export type DatePreselection = { property: string; plain: readonly string[]; instants: readonly string[] };

/**
 * An entry that starts by the clock. `nextAt` is the first instant after `after` at which it has to look at its audience, null when there is
 * none; a null audience is everyone. With `picks`, those of the audience start whom `pick` answers with a payload, among contacts that have a date
 * of the preselection; instants that went by unseen are made up for. Without, everyone starts, and once only for all instants unseen.
 */
export type EntrySchedule<Config = unknown> = {
  nextAt(config: Config, context: { after: Date; timeZone: string }): Date | null;
  audience(config: Config): Audience | null;
  variables(config: Config): JsonObject;
  picks?: {
    among(config: Config, window: LookWindow): DatePreselection;
    pick(config: Config, contact: Contact, window: LookWindow): JsonObject | null;
  };
};
