import { longestSpanMs } from "../../core/message/frequency-cap.ts";
import { rulesFor } from "../../core/message/rules-for.ts";
import type { OutgoingMessage, SendingRules, SendingState } from "../../core/message/sending.ts";
import { firstTimeZone } from "../../core/time.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { ContactKey } from "../../storage/contacts.ts";
import type { Transaction } from "../../storage/database.ts";
import type { OutboxRow } from "../../storage/outbox.ts";
import { type BucketKey, lockBuckets } from "../../storage/rate-buckets.ts";
import { loadCounted, loadTimeZones, lockForCounting } from "../../storage/sending.ts";

/** A message that is about to be handed over. */
export type BeginItem = {
  effect: OutboxRow;
  address: string;
  transport: string;
  channel: "email";
  purpose: "transactional" | "marketing";
  topic: string | null;
};
/** A message with the rules that it falls under. */
export type Ruled = { item: BeginItem; rules: SendingRules };

/** The rules that a message falls under; null when there are none, and nothing is to be asked. */
export function rulesOf(flows: FlowCache, { effect, purpose, transport }: BeginItem): SendingRules | null {
  const { workspaceId, flowId, version, messageId } = effect;
  return rulesFor({
    settings: flows.workspace(workspaceId)?.settings,
    sending: flows.version(flowId, version)?.definition.sending,
    purpose,
    isMessage: messageId !== null,
    transport,
    keys: { flow: `${workspaceId}|flow:${flowId}`, transport: `${workspaceId}|transport:${transport}` },
  });
}

/** A message as the rules see it. */
export function outgoingOf(
  { item, rules }: Ruled,
  { flows, timeZones }: { flows: FlowCache; timeZones: ReadonlyMap<string, string> },
): OutgoingMessage {
  const { effect, channel, topic } = item;
  const { contactId, priority, workspaceId, messageId, runId } = effect;
  const timeZone = firstTimeZone([timeZones.get(contactId), flows.workspace(workspaceId)?.timeZone]);
  return { id: messageId ?? runId, contactId, channel, topic, priority, timeZone, rules };
}

/** Locks and loads all that deciding about these messages takes: one question for each sort of rule that there is. */
export async function loadSendingState(
  sql: Transaction,
  ruled: readonly Ruled[],
  now: Date,
): Promise<{ state: SendingState; timeZones: Map<string, string> }> {
  const inZone = contactsOf(ruled.filter(({ rules }) => rules.quietHours !== null));
  const timeZones = inZone.length === 0 ? new Map<string, string>() : await loadTimeZones(sql, inZone);
  const capped = ruled.filter(({ rules }) => rules.caps.length > 0);
  const counted: SendingState["counted"] = new Map();
  if (capped.length > 0) {
    const contacts = contactsOf(capped);
    // Before the count, and in a statement of its own: only then the count sees what the last holder wrote.
    await lockForCounting(
      sql,
      contacts.map(({ id }) => id),
    );
    const span = Math.max(...capped.map(({ rules }) => longestSpanMs(rules.caps)));
    for (const { contactId, message } of await loadCounted(sql, contacts, new Date(now.getTime() - span)))
      counted.set(contactId, [...(counted.get(contactId) ?? []), message]);
  }
  const keys = [...new Set(ruled.flatMap(({ rules }) => rules.rates.map(({ key }) => key)))];
  const buckets = keys.length === 0 ? [] : await lockBuckets(sql, keys.map(keyOfBucket));
  const byKey = buckets.map(({ workspaceId, subject, bucket }) => [`${workspaceId}|${subject}`, bucket] as const);
  return { state: { counted, buckets: new Map(byKey) }, timeZones };
}

/** The row of a rate. */
export function keyOfBucket(key: string): BucketKey {
  const end = key.indexOf("|");
  return { workspaceId: key.slice(0, end), subject: key.slice(end + 1) };
}

function contactsOf(ruled: readonly Ruled[]): ContactKey[] {
  const contacts = new Map(ruled.map(({ item: { effect } }) => [effect.contactId, effect.lane]));
  return [...contacts].map(([id, lane]) => ({ lane, id }));
}
