import { isStorableText } from "../core/condition/storable-text.ts";
import { readIdentity } from "../core/contact-input.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { occurrenceName } from "../core/flow/occurrence-names.ts";
import type { MessageChannel } from "../core/message/message-event.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

export type InboundMessageInput = {
  channel: MessageChannel;
  /** The address it came from: of e-mail, or a phone number. */
  from: string;
  text: string;
  idempotency?: { key: string; hash: string } | undefined;
};

export type InboundReceipt = {
  eventId: string;
  contactId: string;
  contactCreated: boolean;
  listened: boolean;
  replayed: boolean;
};

/** The most characters of one message from a contact. */
export const maxInboundText = 50_000;

/** Records a message from a contact, who is found by its address or made, as an event. Throws `invalid_request` and `idempotency_key_reused`. */
export async function recordInboundMessage(
  platform: Platform,
  caller: Caller,
  { channel, from, text, idempotency }: InboundMessageInput,
): Promise<InboundReceipt> {
  requireScope(caller, "messages:write");
  const kind = channel === "email" ? "email" : "phone";
  const { identity, issues } = readIdentity({ [kind]: from });
  const broken = [...issues.map((issue) => ({ ...issue, path: "from" })), ...textIssues(text)];
  if (broken.length > 0) throw new AppError("invalid_request", undefined, { issues: broken });
  const payload = { channel, text, from: identity[kind] ?? from };
  const event = { name: occurrenceName.inbound, identity, payload, occurredAt: null, source: "inbound" };
  const { events, replayed } = await platform.recorder.add({
    workspaceId: caller.workspaceId,
    events: [{ ...event, client: null, target: null }],
    ...(idempotency ? { idempotency: { ...idempotency, key: `inbound:${idempotency.key}` } } : {}),
  });
  const [recorded] = events;
  if (!recorded) throw new Error("A message from a contact was recorded as no event.");
  return { ...recorded, replayed };
}

function textIssues(text: string): Issue[] {
  if (text.length > maxInboundText)
    return [{ path: "text", message: `must have at most ${maxInboundText} characters` }];
  return isStorableText(text) ? [] : [{ path: "text", message: "must not contain U+0000 or half of a surrogate pair" }];
}
