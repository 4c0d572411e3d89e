import { channels } from "../../channels/index.ts";
import { AppError } from "../../core/errors.ts";
import { effectKey } from "../../core/flow/effect.ts";
import type { Delivery } from "../../core/message/delivery.ts";
import type { Mail } from "../../core/message/mail.ts";
import type { ComposedEmail, EmailTransport } from "../../core/message/transport.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { Gatherer } from "../../operations/gather.ts";
import { newId } from "../../operations/new-id.ts";
import type { Sql } from "../../storage/database.ts";
import { findInterrupted } from "../../storage/message-events.ts";
import type { OutboxRow } from "../../storage/outbox.ts";
import { type AskedMail, createMailFinder } from "./asked-mail.ts";
import { type BeginResult, createBeginner } from "./begin-message.ts";
import {
  type Attempt,
  droppedByRule,
  heldByRule,
  notSendable,
  settleDelivery,
  suppressed,
  unknownHeld,
  unknownThenResent,
} from "./message-settlement.ts";
import type { EffectPerformer, Settlement } from "./performer.ts";
import type { BeginItem } from "./sending-rules.ts";

/** A way out by name. `sandbox` says that the mail is to be kept for the inbox instead of sent. */
export type NamedTransport = { name: string; transport: EmailTransport; sandbox: boolean };

export type EmailEffectsOptions = {
  sql: Sql;
  flows: FlowCache;
  /** The first one is the default. */
  transports: readonly [NamedTransport, ...NamedTransport[]];
  defaultFrom: string;
  concurrency: number;
  now: () => Date;
  random: () => number;
};

type Mailer = EmailEffectsOptions & {
  begin: Gatherer<BeginItem, BeginResult>;
  find: (effect: OutboxRow) => AskedMail | undefined;
};

/**
 * Performs e-mails: renders, checks the suppressions, notes durably that an attempt begins, hands the mail over and settles what came
 * of it. The note is what tells, after a crash, the mails that may have gone out from those that surely did not.
 */
export function createEmailEffects(options: EmailEffectsOptions): EffectPerformer {
  const mailer: Mailer = { ...options, begin: createBeginner(options), find: createMailFinder(options) };
  return {
    kind: "email",
    concurrency: options.concurrency,
    perform: (effect) => perform(mailer, effect),
    recover: (effects) => recover(mailer, effects),
    giveUp: (effect) =>
      notSendable(
        { effect, attempts: effect.attempt + 1, now: options.now() },
        { class: "internal_error", reason: "The mail could not be handed over; the log says why." },
      ),
    async close() {
      for (const { transport } of options.transports) await transport.close();
    },
  };
}

async function perform(mailer: Mailer, effect: OutboxRow): Promise<Settlement> {
  const asked = mailer.find(effect);
  const attempt: Attempt = { effect, attempts: effect.attempt + 1, now: mailer.now() };
  if (!asked)
    return notSendable(attempt, {
      class: "flow_version_missing",
      reason: "The step is not in this version of the flow.",
    });
  const way =
    asked.transport === undefined
      ? mailer.transports[0]
      : mailer.transports.find(({ name }) => name === asked.transport);
  if (!way)
    return notSendable(attempt, { class: "transport_missing", reason: `There is no transport "${asked.transport}".` });
  const rendered = await asked.render();
  if (!rendered.ok) return notSendable(attempt, rendered);
  const composed = compose(effect, rendered.mail);
  if (composed instanceof AppError) return notSendable(attempt, { class: "invalid_message", reason: composed.message });
  const { purpose, topic } = asked;
  const about = { address: rendered.mail.to.address, transport: way.name, channel: "email", purpose, topic } as const;
  const begun = await mailer.begin.add({ effect, ...about });
  const tried = { composed, transport: way.name, ...attempt };
  if (begun.kind === "suppressed") return suppressed(tried, begun.reason);
  if (begun.kind === "drop") return droppedByRule(tried, begun);
  if (begun.kind === "hold") return heldByRule(tried, begun);
  const key = effectKey(effect.runId, effect.step, effect.visit);
  const delivery = await way.transport.deliver(composed, { key, priority: effect.priority });
  return settled(mailer, { attempt: { ...attempt, now: mailer.now() }, asked, way, composed, delivery });
}

type Delivered = {
  attempt: Attempt;
  asked: AskedMail;
  way: NamedTransport;
  composed: ComposedEmail;
  delivery: Delivery;
};

function settled(mailer: Mailer, { attempt, asked, way, composed, delivery }: Delivered): Settlement {
  const sent = { composed, transport: way.name, ...attempt };
  if (delivery.maybeAccepted && asked.whenUnknown === "hold")
    return unknownHeld(sent, { reason: delivery.reason, delivery });
  const { effect, attempts, now } = attempt;
  const at = channels.email.nextDeliveryAt({
    attempt: attempts,
    firstAttemptAt: effect.firstDueAt,
    now,
    random: mailer.random(),
  });
  const settlement = settleDelivery(sent, { delivery, retryAt: at });
  if (!way.sandbox || delivery.outcome !== "sent") return settlement;
  const { envelope, subject, raw } = composed;
  const kept = { fromAddress: envelope.from, toAddress: envelope.to[0] ?? "", subject, raw, receivedAt: now };
  return { ...settlement, sandbox: { workspaceId: effect.workspaceId, id: effect.messageId ?? newId(), ...kept } };
}

function compose(effect: OutboxRow, mail: Mail): ComposedEmail | AppError {
  try {
    // A run can ask for several mails that are no messages, to people of the workspace.
    const id = effect.messageId ?? `${effect.runId}.${effect.visit}.${effect.ordinal}`;
    return channels.email.compose(mail, { id, date: effect.firstDueAt });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** Effects whose process died between the note of the attempt and its end: nobody knows whether the mail was taken. */
async function recover(mailer: Mailer, effects: OutboxRow[]): Promise<{ perform: OutboxRow[]; settle: Settlement[] }> {
  const keys = effects.flatMap(({ lane, messageId }) => (messageId === null ? [] : [{ lane, messageId }]));
  const interrupted = await findInterrupted(mailer.sql, keys);
  const open = effects.filter(({ messageId }) => messageId !== null && interrupted.has(messageId));
  const settle = open.map((effect) => {
    const attempt: Attempt = { effect, attempts: effect.attempt + 1, now: mailer.now() };
    const reason = "The process ended while the mail was being handed over.";
    return mailer.find(effect)?.whenUnknown === "hold"
      ? unknownHeld(attempt, { reason })
      : unknownThenResent(attempt, reason);
  });
  return { perform: effects.filter((effect) => !open.includes(effect)), settle };
}
