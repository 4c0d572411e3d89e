import type { z } from "zod";
import { type Duration, type DurationUnit, durationUnits } from "../core/time.ts";
import { abTestConfig } from "../steps/ab-test/schema.ts";
import { conditionConfig } from "../steps/condition/schema.ts";
import { dateConfig } from "../steps/date/schema.ts";
import { emitEventConfig } from "../steps/emit-event/schema.ts";
import { endConfig } from "../steps/end/schema.ts";
import { eventEntryConfig } from "../steps/event-entry/schema.ts";
import { goToConfig } from "../steps/go-to/schema.ts";
import { goalConfig } from "../steps/goal/schema.ts";
import { httpActionConfig } from "../steps/http-action/schema.ts";
import { inboundMessageConfig } from "../steps/inbound-message/schema.ts";
import { incomingCallConfig } from "../steps/incoming-call/schema.ts";
import { listChangedConfig } from "../steps/list-changed/schema.ts";
import { messageEventConfig } from "../steps/message-event/schema.ts";
import { notifyConfig } from "../steps/notify/schema.ts";
import { propertyChangedConfig } from "../steps/property-changed/schema.ts";
import { scheduleConfig } from "../steps/schedule/schema.ts";
import { segmentChangedConfig } from "../steps/segment-changed/schema.ts";
import { sendEmailConfig } from "../steps/send-email/schema.ts";
import { setVariableConfig } from "../steps/set-variable/schema.ts";
import { splitConfig } from "../steps/split/schema.ts";
import { startConfig } from "../steps/start/schema.ts";
import { startFlowConfig } from "../steps/start-flow/schema.ts";
import { tagChangedConfig } from "../steps/tag-changed/schema.ts";
import { unsubscribeConfig } from "../steps/unsubscribe/schema.ts";
import { updateContactConfig } from "../steps/update-contact/schema.ts";
import { waitConfig } from "../steps/wait/schema.ts";
import { waitForConfig } from "../steps/wait-for/schema.ts";

/** A step before it has a name: its kind and configuration. `Exit` are the names of its exits, `Target` the steps that its configuration names. */
export type StepSpec<Exit extends string = string, Target extends string = never> = {
  kind: string;
  config: object;
  /** For the compiler alone: never there. */
  exits?: Exit;
  targets?: Target;
};

/** An entry before it has a name. */
export type EntrySpec = { kind: string; config: object };

/** A kind of step whose exits are always the same. One line makes it known here; its fields come from its schema. */
function step<Schema extends z.ZodType<object>, const Exit extends string>(
  kind: string,
  _of: Schema,
  _exits: readonly Exit[],
) {
  return (config: z.input<Schema>): StepSpec<Exit> => ({ kind, config: config as object });
}

function entry<Schema extends z.ZodType<object>>(kind: string, _of: Schema) {
  return (config: z.input<Schema>): EntrySpec => ({ kind, config: config as object });
}

export const emitEvent = step("emit-event", emitEventConfig, ["next"]);
export const goal = step("goal", goalConfig, ["next"]);
export const httpAction = step("http-action", httpActionConfig, ["success", "error"]);
export const notify = step("notify", notifyConfig, ["next"]);
export const sendEmail = step("send-email", sendEmailConfig, ["next"]);
export const setVariable = step("set-variable", setVariableConfig, ["next"]);
export const startFlow = step("start-flow", startFlowConfig, ["next"]);
export const unsubscribe = step("unsubscribe", unsubscribeConfig, ["next"]);
export const updateContact = step("update-contact", updateContactConfig, ["next"]);
const endStep = step("end", endConfig, []);
const waitStep = step("wait", waitConfig, ["next"]);
const waitUntilDate = step("wait", waitConfig, ["next", "missing"]);
const conditionStep = step("condition", conditionConfig, []);
const abTestStep = step("ab-test", abTestConfig, []);
const splitStep = step("split", splitConfig, []);
const waitForStep = step("wait-for", waitForConfig, []);
const goToStep = step("go-to", goToConfig, []);

export const date = entry("date", dateConfig);
export const event = entry("event", eventEntryConfig);
export const incomingCall = entry("incoming-call", incomingCallConfig);
export const inboundMessage = entry("inbound-message", inboundMessageConfig);
export const listChanged = entry("list-changed", listChangedConfig);
export const messageEvent = entry("message-event", messageEventConfig);
export const propertyChanged = entry("property-changed", propertyChangedConfig);
export const schedule = entry("schedule", scheduleConfig);
export const segmentChanged = entry("segment-changed", segmentChangedConfig);
export const start = entry("start", startConfig);
export const tagChanged = entry("tag-changed", tagChangedConfig);

/** Ends the run. */
export function end(config: z.input<typeof endConfig> = {}): StepSpec<never> {
  return endStep(config);
}

/** A span as one number: `{hours: 2}`. */
export type Span = { [Unit in DurationUnit]: Record<Unit, number> }[DurationUnit];

/** Holds the contact for a span or until an instant. */
export function wait(config: Span | Exclude<z.input<typeof waitConfig>, { untilDate: unknown }>): StepSpec<"next"> {
  return waitStep(isSpan(config) ? { for: durationOf(config) } : config);
}

/** Holds the contact until a date that it carries; `missing` when there is none. */
export function waitUntil(
  untilDate: Extract<z.input<typeof waitConfig>, { untilDate: unknown }>["untilDate"],
): StepSpec<"next" | "missing"> {
  return waitUntilDate({ untilDate });
}

function isSpan(config: object): config is Span {
  const [unit = "", ...others] = Object.keys(config);
  return others.length === 0 && (durationUnits as readonly string[]).includes(unit);
}

/** The form in which definitions have a span. */
export function durationOf(span: Span): Duration {
  const [[unit, amount] = ["seconds", 0]] = Object.entries(span);
  return { amount, unit: unit as DurationUnit };
}

/** Sends runs down the first path whose condition holds, or through `else`. */
export function condition<const Config extends z.input<typeof conditionConfig>>(
  config: Config,
): StepSpec<Config["paths"][number]["name"] | "else"> {
  return conditionStep(config);
}

/** Divides runs by weight. */
export function split<const Config extends z.input<typeof splitConfig>>(
  config: Config,
): StepSpec<Config["exits"][number]["name"]> {
  return splitStep(config);
}

/** Divides runs by weight until one variant has won, and then takes all to it. */
export function abTest<const Config extends z.input<typeof abTestConfig>>(
  config: Config,
): StepSpec<Config["variants"][number]["name"]> {
  return abTestStep(config);
}

type TimeoutExit<Timeout> = Timeout extends { untilDate: unknown }
  ? "timeout" | "missing"
  : Timeout extends object
    ? "timeout"
    : never;

/** Holds the contact until the first of several things comes, or until the timeout. */
export function waitFor<const Config extends z.input<typeof waitForConfig>>(
  config: Config,
): StepSpec<Config["for"][number]["exit"] | TimeoutExit<Config["timeout"]>> {
  return waitForStep(config);
}

/** Goes on at another step of the flow. */
export function goTo<const Step extends string>(target: Step): StepSpec<never, Step> {
  return goToStep({ step: target });
}
