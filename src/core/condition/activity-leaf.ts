import type { Activity } from "../flow/activity.ts";
import type { JsonObject } from "../json.ts";
import type { CountRule, EventLeaf, MessageLeaf } from "./ast.ts";
import { windowStart } from "./window.ts";

/** What was found for a leaf that counts, newest first: one instant for each event or message. */
export type Found = readonly Date[];

type Look = { activity: Activity; now: Date; matches: (payload: JsonObject) => boolean };

/** When the events or messages that a leaf counts happened. A message counts once, at the last time. */
export function findActivity(leaf: EventLeaf | MessageLeaf, look: Look): Found {
  const from = leaf.within === undefined ? Number.NEGATIVE_INFINITY : windowStart(leaf.within, look.now);
  return candidatesOf(leaf, look).filter((at) => at.getTime() >= from);
}

/** The same without regard to `within`. */
export function candidatesOf(leaf: EventLeaf | MessageLeaf, { activity, matches }: Omit<Look, "now">): Date[] {
  if ("message" in leaf) return messagesOf(leaf, activity);
  return activity.events
    .filter(({ name, payload }) => name === leaf.event && (leaf.where === undefined || matches(payload)))
    .map(({ occurredAt }) => occurredAt);
}

function messagesOf({ message, flow, step, link }: MessageLeaf, { messages }: Activity): Date[] {
  const last = new Map<string, Date>();
  for (const event of messages) {
    const fits =
      event.type === message &&
      (flow === undefined || event.flowId === flow) &&
      (step === undefined || event.step === step) &&
      (link === undefined || event.link === link);
    const before = last.get(event.messageId);
    if (fits && (before === undefined || before < event.at)) last.set(event.messageId, event.at);
  }
  return [...last.values()];
}

/** Whether so many are what the leaf asks for. */
export function meetsCount({ count }: { count?: CountRule }, found: number): boolean {
  if (count === undefined) return found >= 1;
  if ("atLeast" in count) return found >= count.atLeast;
  return "atMost" in count ? found <= count.atMost : found === count.exactly;
}
