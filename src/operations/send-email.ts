import { AppError } from "../core/errors.ts";
import { priorities } from "../core/flow/priority.ts";
import { laneOf } from "../core/id.ts";
import type { Address } from "../core/message/address.ts";
import { noFlow, type OwnMailEffect } from "../core/message/own-mail.ts";
import { type OwnMailInput, type ReadOwnMail, readOwnMail } from "../core/message/read-own-mail.ts";
import type { Transaction } from "../storage/database.ts";
import { insertMailContent } from "../storage/mail-contents.ts";
import { insertMessages, updateMessages } from "../storage/messages.ts";
import { asPool } from "../storage/nested-transaction.ts";
import { insertEffects } from "../storage/outbox.ts";
import { newId, newIdInLane } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { upsertContacts } from "./upsert-contacts.ts";

export type SendEmailInput = OwnMailInput & {
  purpose?: "transactional" | "marketing" | undefined;
  topic?: string | undefined;
  /** The name of a transport; the default one when absent. */
  transport?: string | undefined;
};

/** One message for each recipient, those of To first. */
export type SentEmail = { messages: { id: string; contactId: string; to: string }[] };

/**
 * Queues a mail that no flow asked for: one message for each recipient, whose contacts are made where they are missing, all in one commit.
 * From then on it goes the way of every message: suppressions, rules around sending, transport, retries. Throws `invalid_request`.
 */
export async function sendEmail(platform: Platform, caller: Caller, input: SendEmailInput): Promise<SentEmail> {
  requireScope(caller, "messages:write");
  const read = readOwnMail(input);
  if (read.issues.length > 0) throw new AppError("invalid_request", undefined, { issues: read.issues });
  const lanes: number[] = [];
  const signal = (some: Iterable<number>) => {
    lanes.push(...some);
  };
  const sent = await platform.sql.begin(async (sql) => {
    const contacts = await contactsOf({ ...platform, sql: asPool(sql), signal }, caller, read.recipients);
    return write(sql, { ...read, ...input, contacts, workspaceId: caller.workspaceId, now: platform.now() });
  });
  if (lanes.length > 0) platform.signal(lanes);
  platform.wake();
  return sent;
}

/** The ids of the recipients' contacts, in order. Whoever may send may make them: that needs no scope of its own. */
async function contactsOf(platform: Platform, caller: Caller, recipients: readonly Address[]): Promise<string[]> {
  const sender = { ...caller, scopes: new Set([...caller.scopes, "contacts:write"]) };
  const contacts = recipients.map(({ address }) => ({ email: address }));
  const { results } = await upsertContacts(platform, sender, { contacts });
  return results.map((result) => {
    if (result.status === "refused") throw new AppError("invalid_request", undefined, { issues: result.issues });
    return result.contactId;
  });
}

type Sending = Pick<ReadOwnMail, "mail" | "recipients"> &
  Pick<SendEmailInput, "purpose" | "topic" | "transport"> & { contacts: string[]; workspaceId: string; now: Date };
type Queued = { id: string; contactId: string; lane: number; to: Address };

async function write(sql: Transaction, sending: Sending): Promise<SentEmail> {
  const { mail, recipients, contacts, workspaceId, now } = sending;
  const messages = recipients.map((to, index): Queued => {
    const contactId = contacts[index] ?? "";
    const lane = laneOf(contactId);
    return { id: newIdInLane(lane), contactId, lane, to };
  });
  const content = newId();
  await insertMailContent(sql, { id: content, workspaceId, content: mail, messages, createdAt: now });
  await insertMessages(
    sql,
    messages.map((message) => newMessage(message, sending)),
  );
  await updateMessages(
    sql,
    messages.map((message) => envelopeOf(message, sending)),
  );
  await insertEffects(
    sql,
    messages.map((message) => effectOf(message, sending, content)),
  );
  return { messages: messages.map(({ id, contactId, to }) => ({ id, contactId, to: to.address })) };
}

function newMessage({ id, contactId, lane }: Queued, sending: Sending) {
  const { purpose = "transactional", topic = null, workspaceId, now } = sending;
  const nobody = { runId: null, flowId: null, version: null, step: null, visit: null };
  return { lane, contactId, id, workspaceId, channel: "email", ...nobody, purpose, topic, createdAt: now, depth: 0 };
}

/** What is known of a message before its first attempt, so that whoever lists it meanwhile sees it. */
function envelopeOf({ id, contactId, lane, to }: Queued, { mail, now }: Sending) {
  const nothing = { class: null, reason: null, transport: null, sizeBytes: null, attempts: 0, sentAt: null };
  const envelope = { fromAddress: mail.from?.address ?? null, toAddress: to.address, subject: mail.subject };
  return { lane, contactId, id, status: "queued" as const, ...nothing, ...envelope, at: now };
}

function effectOf({ id, contactId, lane, to }: Queued, sending: Sending, content: string) {
  const { purpose = "transactional", topic = null, transport = null, workspaceId, now } = sending;
  const data: OwnMailEffect = { content, to, purpose, topic, transport };
  return {
    // The message is its own run: what performs effects needs one key for each.
    ...{
      lane,
      runId: id,
      visit: 0,
      ordinal: 0,
      kind: "email" as const,
      workspaceId,
      contactId,
      messageId: id,
      ...noFlow,
    },
    ...{ data, awaited: false, attempt: 0, firstDueAt: now, dueAt: now, leasedBy: null, putOff: null },
    priority: purpose === "transactional" ? priorities.high : priorities.normal,
  };
}
