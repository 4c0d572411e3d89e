import type { ZodType } from "zod";
import type { Contact, ContactChange, IdentityKind } from "../contact.ts";
import type { Issue } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Scope } from "../scope.ts";
import type { EffectAnswer, EffectRequest } from "./effect.ts";

/** What a step sees. `visit` counts the steps of the run so far; `answer` is there once the effect it asked for is done. */
export type StepContext = {
  step: string;
  visit: number;
  now: Date;
  enteredAt: Date;
  scope: Scope;
  contact: Contact;
  answer: EffectAnswer | undefined;
};

/** What a step decides. `detail` goes into the trail: inputs and outputs that explain the decision, never a secret. */
export type StepOutcome =
  | {
      kind: "go";
      exit: string;
      changes?: ContactChange[];
      effects?: EffectRequest[];
      result?: Json;
      detail?: JsonObject;
    }
  | { kind: "wait"; until: Date; detail?: JsonObject }
  | { kind: "ask"; effect: EffectRequest; detail?: JsonObject }
  | { kind: "end"; detail?: JsonObject }
  | { kind: "fail"; reason: string; detail?: JsonObject };

/** What validation may look at besides the step's own configuration. */
export type CheckContext = { stepNames: readonly string[] };

/**
 * A kind of step. `run` is pure: the same configuration and context give the same outcome.
 * `check` finds what the schema cannot say (a template with an error, an unknown variable); issue paths are relative to the configuration.
 */
export type StepKind<Config = unknown> = {
  name: string;
  title: string;
  config: ZodType<Config>;
  exits(config: Config): readonly string[];
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
};

export type Admission = { admit: true } | { admit: false; reason: string; detail?: JsonObject };

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
 * `call` is there for kinds whose entries get an address of their own, which turns calls into events.
 */
export type EntryKind<Config = unknown> = {
  name: string;
  title: string;
  config: ZodType<Config>;
  check?(config: Config, context: CheckContext): Issue[];
  listensTo(config: Config): readonly string[];
  accepts(config: Config, occurrence: Occurrence, context: { entry: string; scope: Scope; now: Date }): Admission;
  call?: { settings(config: Config): CallSettings; read(config: Config, body: Json): ReadCall };
};
