import { flowLimits } from "../core/flow/definition.ts";
import { occurrenceName } from "../core/flow/occurrence-names.ts";
import { type Priority, priorities } from "../core/flow/priority.ts";
import type { Transaction } from "../storage/database.ts";
import type { EventRow } from "../storage/event-rows.ts";
import { insertEvents } from "../storage/events.ts";
import type { MessageEventType } from "../storage/message-events.ts";
import { loadMessageFacts, type MessageFacts } from "../storage/message-reads.ts";
import type { FlowCache } from "./flow-cache.ts";
import { newIdInLane } from "./new-id.ts";

/** Something that became of a message. */
export type MessageHappening = {
  lane: number;
  contactId: string;
  workspaceId: string;
  messageId: string;
  type: MessageEventType;
  link?: string | null;
  at: Date;
  priority?: Priority;
};

/** Whether some flow listens to it. */
export function isHeardOfMessage(flows: FlowCache, { workspaceId, type }: MessageHappening): boolean {
  return flows.hears(workspaceId, occurrenceName.message(type));
}

/**
 * Puts in line what became of messages, where a flow listens, in the transaction that writes it down. One look at the messages for all of
 * them. Returns the lanes that have work once it is committed.
 */
export async function tellOfMessages(
  sql: Transaction,
  flows: FlowCache,
  happened: readonly MessageHappening[],
): Promise<number[]> {
  const heard = happened.filter((one) => isHeardOfMessage(flows, one));
  if (heard.length === 0) return [];
  const keys = new Map(heard.map(({ lane, contactId, messageId: id }) => [id, { lane, contactId, id }]));
  const messages = new Map((await loadMessageFacts(sql, [...keys.values()])).map((message) => [message.id, message]));
  const events = heard.flatMap((one) => {
    const message = messages.get(one.messageId);
    return message ? [eventOf(one, message)] : [];
  });
  if (events.length > 0) await insertEvents(sql, events);
  return events.map(({ lane }) => lane);
}

function eventOf(
  { type, link = null, at, priority = priorities.normal }: MessageHappening,
  message: MessageFacts,
): EventRow {
  const { id, lane, contactId, workspaceId, channel, flowId: flow, step, createdAt } = message;
  const isPaused = at.getTime() - createdAt.getTime() >= flowLimits.guardPauseMs;
  return {
    ...{ lane, contactId, workspaceId, id: newIdInLane(lane), name: occurrenceName.message(type) },
    payload: { message: id, channel, flow, step, link },
    ...{ occurredAt: at, acceptedAt: at, source: "message", client: null, targetFlowId: null, targetEntry: null },
    ...{ queued: true, priority },
    depth: isPaused ? 0 : message.depth + 1,
  };
}
