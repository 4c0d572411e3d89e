import { isStorableText } from "../core/condition/storable-text.ts";
import { AppError } from "../core/errors.ts";
import { countOf } from "../core/flow/counts.ts";
import { type MessageFeedback, maxLinkLength } from "../core/message/message-event.ts";
import { addCounts, outsideOfLanes } from "../storage/counters.ts";
import type { Transaction } from "../storage/database.ts";
import { insertMessageEvents } from "../storage/message-events.ts";
import { findMessage, type MessageRow } from "../storage/message-reads.ts";
import { tellOfMessages } from "./message-occurrences.ts";
import { newIdInLane } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";

export type MessageEventInput = { id: string; type: MessageFeedback; link?: string | null | undefined };
export type RecordedMessageEvent = {
  id: string;
  type: MessageFeedback;
  link: string | null;
  at: Date;
  listened: boolean;
};

/** Records what is reported of a message after it was sent; flows that listen meet it in order. Throws `message_not_found`. */
export async function recordMessageEvent(
  platform: Platform,
  caller: Caller,
  { id, type, link = null }: MessageEventInput,
): Promise<RecordedMessageEvent> {
  requireScope(caller, "messages:write");
  refuseLink(type, link);
  const { workspaceId } = caller;
  knownId(id, "message_not_found");
  const at = platform.now();
  const { lanes, eventId } = await platform.sql.begin(async (sql) => {
    const [message] = await Promise.all([findMessage(sql, { workspaceId, id }), platform.flows.refresh(sql)]);
    if (!message) throw new AppError("message_not_found");
    const { lane, contactId } = message;
    const about = { lane, messageId: id, workspaceId, type, at };
    const event = { ...about, id: newIdInLane(lane), detail: link === null ? {} : { link } };
    await insertMessageEvents(sql, [event]);
    const lanes = await tellOfMessages(sql, platform.flows, [{ ...about, contactId, link }]);
    // Last: others wait for the row of the count.
    await count(sql, message, type);
    return { lanes, eventId: event.id };
  });
  if (lanes.length > 0) platform.signal(lanes);
  return { id: eventId, type, link, at, listened: lanes.length > 0 };
}

async function count(sql: Transaction, message: MessageRow, type: MessageFeedback): Promise<void> {
  const { workspaceId, flowId: subject, version, step } = message;
  if (subject === null || version === null || step === null) return;
  await addCounts(sql, [
    { lane: outsideOfLanes, workspaceId, subject, version, name: countOf.message(step, type), by: 1 },
  ]);
}

function refuseLink(type: MessageFeedback, link: string | null): void {
  const problem = link === null ? null : linkProblem(type, link);
  if (problem !== null)
    throw new AppError("invalid_request", undefined, { issues: [{ path: "link", message: problem }] });
}

function linkProblem(type: MessageFeedback, link: string): string | null {
  if (type !== "clicked") return "can only be clicked";
  if (link === "" || link.length > maxLinkLength) return `must have 1 to ${maxLinkLength} characters`;
  return isStorableText(link) ? null : "must not contain U+0000 or half of a surrogate pair";
}
