import type { Priority } from "../flow/priority.ts";
import type { JsonObject } from "../json.ts";
import type { FrequencyCap, QuietHours, Rate } from "../workspace-settings.ts";
import { type CountedMessage, findOverCap } from "./frequency-cap.ts";
import { quietUntil } from "./quiet-hours.ts";
import { askRate, emptyBucket, type RateBucket } from "./rate.ts";

export type SendingRule = "quiet_hours" | "frequency_cap" | "rate_limit";

/** The rules that a message falls under. Those for marketing are empty for a transactional one. `rates` have the key of their bucket. */
export type SendingRules = {
  quietHours: QuietHours | null;
  caps: readonly FrequencyCap[];
  rates: readonly { key: string; rate: Rate }[];
};

/** A message about to be handed over. */
export type OutgoingMessage = {
  id: string;
  contactId: string;
  channel: string;
  topic: string | null;
  priority: Priority;
  timeZone: string;
  rules: SendingRules;
};

/** What is known when it is decided; both maps are brought up to date with what is. */
export type SendingState = {
  /** By contact: the marketing messages it was sent lately. */
  counted: Map<string, CountedMessage[]>;
  buckets: Map<string, RateBucket>;
};

export type SendingVerdict =
  | { kind: "send" }
  | { kind: "hold"; rule: SendingRule; until: Date; detail: JsonObject }
  | { kind: "drop"; rule: SendingRule; detail: JsonObject };

/**
 * Decides about messages that would all go now, the urgent ones first: quiet hours, then caps, then rates. A message takes its place under
 * a cap, and its part of a rate, only when it goes. Pure but for `state`.
 */
export function decideSending(
  messages: readonly OutgoingMessage[],
  state: SendingState,
  now: Date,
): Map<OutgoingMessage, SendingVerdict> {
  const verdicts = new Map<OutgoingMessage, SendingVerdict>();
  const inOrder = [...messages].sort((one, other) => one.priority - other.priority);
  for (const message of inOrder)
    verdicts.set(
      message,
      byQuietHours(message, now) ??
        byCaps(message, state, now) ??
        byRates(message, state, now) ??
        go(message, state, now),
    );
  return verdicts;
}

function byQuietHours({ rules: { quietHours }, timeZone }: OutgoingMessage, now: Date): SendingVerdict | null {
  const until = quietHours && quietUntil(now, quietHours, timeZone);
  if (!quietHours || !until) return null;
  const detail = { from: quietHours.from, to: quietHours.to, timeZone };
  if (quietHours.action === "drop") return { kind: "drop", rule: "quiet_hours", detail };
  return { kind: "hold", rule: "quiet_hours", until, detail };
}

function byCaps(message: OutgoingMessage, { counted }: SendingState, now: Date): SendingVerdict | null {
  const { caps } = message.rules;
  if (caps.length === 0) return null;
  const over = findOverCap(message, { caps, counted: counted.get(message.contactId) ?? [], now });
  if (!over) return null;
  const { cap, count, until } = over;
  const { action, hours, channel = null, topic = null } = cap;
  const detail = { cap: { count: cap.count, hours, channel, topic }, count };
  if (action === "drop") return { kind: "drop", rule: "frequency_cap", detail };
  return { kind: "hold", rule: "frequency_cap", until, detail };
}

function byRates(
  { rules: { rates }, priority }: OutgoingMessage,
  { buckets }: SendingState,
  now: Date,
): SendingVerdict | null {
  if (rates.length === 0) return null;
  const asked = rates.map(({ key, rate }) => ({
    key,
    rate,
    ...askRate(buckets.get(key) ?? emptyBucket, rate, { now: now.getTime(), priority }),
  }));
  const refused = asked.filter(({ granted }) => !granted);
  // One refusal is enough: then no other rate is used up.
  for (const { key, bucket } of refused.length === 0 ? asked : refused) buckets.set(key, bucket);
  if (refused.length === 0) return null;
  const last = refused.reduce((one, other) => (other.until > one.until ? other : one));
  const detail = { of: last.key, count: last.rate.count, per: last.rate.per };
  return { kind: "hold", rule: "rate_limit", until: new Date(last.until), detail };
}

function go(
  { id, contactId, channel, topic, rules }: OutgoingMessage,
  { counted }: SendingState,
  now: Date,
): SendingVerdict {
  if (rules.caps.length > 0) {
    const others = (counted.get(contactId) ?? []).filter((message) => message.id !== id);
    counted.set(contactId, [...others, { id, channel, topic, at: now }]);
  }
  return { kind: "send" };
}
