import type { TrailEntry } from "../../core/flow/run.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Delivery } from "../../core/message/delivery.ts";
import { ownMailEffect } from "../../core/message/own-mail.ts";
import type { ComposedEmail } from "../../core/message/transport.ts";
import { newId } from "../../operations/new-id.ts";
import type { MessageEventRow, MessageEventType } from "../../storage/message-events.ts";
import type { MessageStatus, MessageUpdate } from "../../storage/messages.ts";
import type { OutboxRow } from "../../storage/outbox.ts";
import { type Settlement, trailPlace } from "./performer.ts";

/** One attempt at a message. `composed` and `transport` are there once it got that far. */
export type Attempt = { effect: OutboxRow; attempts: number; now: Date; composed?: ComposedEmail; transport?: string };

type Why = { class: string | null; reason: string };
type Outcome = Why & { status: MessageStatus; event: MessageEventType; detail?: JsonObject };

/** A message that can never be sent as it is: it ends as failed. */
export function notSendable(attempt: Attempt, { class: cause, reason }: { class: string; reason: string }): Settlement {
  return settle(attempt, { status: "failed", event: "failed", class: cause, reason }, { kind: "done" });
}

/** A message to a suppressed address: it is held back, and says why. */
export function suppressed(attempt: Attempt, reason: string): Settlement {
  return settle(attempt, { status: "held", event: "held", class: "suppressed", reason }, { kind: "done" });
}

/** A message that a rule keeps from going: it ends as dropped, and the trail of its run and the counts of its flow say so too. */
export function droppedByRule(attempt: Attempt, { rule, detail }: { rule: string; detail: JsonObject }): Settlement {
  const { effect, now } = attempt;
  const unbegun = { ...attempt, attempts: effect.attempt };
  const what = { rule: detail, ...(effect.messageId === null ? {} : { message: effect.messageId }) };
  const dropped = settle(
    unbegun,
    { status: "dropped", event: "dropped", class: null, reason: rule, detail },
    { kind: "done" },
  );
  if (ownMailEffect(effect)) return dropped;
  return {
    ...dropped,
    trail: { ...trailPlace(effect, "send-email", now), outcome: "dropped", reason: rule, detail: what },
    count: `$dropped:${effect.step}:${rule}`,
  };
}

/**
 * A message that a rule puts off: it goes back to the outbox, and its life says why and until when. That is no attempt, and before the
 * first one the time that a message has for its attempts does not begin.
 */
export function heldByRule(
  attempt: Attempt,
  { rule, until, detail }: { rule: string; until: Date; detail: JsonObject },
): Settlement {
  const { effect } = attempt;
  const beginning = effect.attempt === 0 ? { firstDueAt: until } : {};
  const next = { kind: "retry", attempt: effect.attempt, at: until, putOff: rule, ...beginning } as const;
  // A message waits in the line of a rate again and again; it says so once.
  if (rule === "rate_limit" && effect.putOff === rule) return { effect, next };
  const unbegun = { ...attempt, attempts: effect.attempt };
  const what = { ...detail, until: until.toISOString() };
  return settle(unbegun, { status: "deferred", event: "deferred", class: null, reason: rule, detail: what }, next);
}

/** Later than any clock: an effect that is due then waits for a person. */
const untilSettled = new Date("9999-12-31T00:00:00Z");

/** Nobody knows whether the message was taken, and a person has to decide: the effect stays in the outbox, due when they say so. */
export function unknownHeld(
  attempt: Attempt,
  { reason, delivery }: { reason: string; delivery?: Delivery },
): Settlement {
  const detail = delivery ? { detail: detailOf(delivery) } : {};
  const next = { kind: "retry", attempt: attempt.attempts, at: untilSettled } as const;
  return settle(attempt, { status: "unknown", event: "unknown", class: null, reason, ...detail }, next);
}

/** Nobody knows whether the message was taken; it is sent again, and its life says so. */
export function unknownThenResent(attempt: Attempt, reason: string): Settlement {
  const { attempts, now } = attempt;
  return settle(
    attempt,
    { status: "queued", event: "unknown", class: null, reason, detail: { settled: "resend" } },
    { kind: "retry", attempt: attempts, at: now },
  );
}

/** What a transport said: sent, to be tried again at `retryAt` (null: the time is up), or bounced. */
export function settleDelivery(
  attempt: Attempt,
  { delivery, retryAt }: { delivery: Delivery; retryAt: Date | null },
): Settlement {
  const detail = detailOf(delivery);
  const cause = delivery.class === "none" ? null : delivery.class;
  const { reason } = delivery;
  if (delivery.outcome === "sent")
    return settle(attempt, { status: "sent", event: "sent", class: null, reason, detail }, { kind: "done" });
  if (delivery.outcome === "bounced")
    return settle(attempt, { status: "bounced", event: "bounced", class: cause, reason, detail }, { kind: "done" });
  if (retryAt === null) {
    const expired = `Given up after ${attempt.attempts} attempts. The last one: ${reason}`;
    return settle(
      attempt,
      { status: "bounced", event: "bounced", class: "expired", reason: expired, detail },
      { kind: "done" },
    );
  }
  const retried = { ...detail, nextAttemptAt: retryAt.toISOString() };
  const next = { kind: "retry", attempt: attempt.attempts, at: retryAt } as const;
  // Such an attempt may have arrived; the word for that has to be in the message's life before it is sent again.
  if (delivery.maybeAccepted)
    return settle(
      attempt,
      { status: "deferred", event: "unknown", class: cause, reason, detail: { ...retried, settled: "resend" } },
      next,
    );
  return settle(attempt, { status: "deferred", event: "deferred", class: cause, reason, detail: retried }, next);
}

function detailOf({ reply, transcript, durationMs, class: cause, maybeAccepted }: Delivery): JsonObject {
  const said = reply && { code: reply.code, enhancedCode: reply.enhancedCode ?? null, text: reply.text };
  return { class: cause, reply: said, transcript, durationMs, ...(maybeAccepted ? { maybeAccepted } : {}) };
}

function settle(attempt: Attempt, outcome: Outcome, next: Settlement["next"]): Settlement {
  const { effect, now } = attempt;
  if (effect.messageId === null) return { effect, next, trail: trailOf(attempt, outcome, next) };
  return {
    effect,
    next,
    message: messageUpdate(attempt, effect.messageId, outcome),
    messageEvents: [messageEvent(attempt, effect.messageId, { now, ...outcome })],
  };
}

/** A mail that is no message has no life of its own: what came of it is in the trail of its run. */
function trailOf({ effect, attempts, now, composed }: Attempt, outcome: Outcome, next: Settlement["next"]): TrailEntry {
  const isSent = outcome.status === "sent";
  const to = composed?.envelope.to[0];
  const detail = { attempts, reason: outcome.reason, ...(to === undefined ? {} : { to }) };
  const what = next.kind === "retry" ? "retrying" : isSent ? "performed" : "failed";
  const reason = outcome.class === null ? {} : { reason: outcome.class };
  return { ...trailPlace(effect, "email", now), outcome: what, ...reason, detail };
}

function messageUpdate(
  { effect, attempts, now, composed, transport }: Attempt,
  id: string,
  { status, class: cause, reason }: Outcome,
): MessageUpdate {
  return {
    lane: effect.lane,
    contactId: effect.contactId,
    id,
    status,
    class: cause,
    reason,
    transport: transport ?? null,
    fromAddress: composed?.envelope.from ?? null,
    toAddress: composed?.envelope.to[0] ?? null,
    subject: composed?.subject ?? null,
    sizeBytes: composed?.sizeBytes ?? null,
    attempts,
    sentAt: status === "sent" ? now : null,
    at: now,
  };
}

function messageEvent(
  { effect, attempts }: Attempt,
  messageId: string,
  { event, class: cause, reason, detail, now }: Outcome & { now: Date },
): MessageEventRow {
  const { lane, workspaceId } = effect;
  return {
    lane,
    messageId,
    id: newId(),
    workspaceId,
    type: event,
    at: now,
    detail: { attempt: attempts, class: cause, reason, ...detail },
  };
}
