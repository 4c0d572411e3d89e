import { AppError } from "../core/errors.ts";
import { laneOf, withLane } from "../core/id.ts";
import type { Transaction } from "../storage/database.ts";
import { lockLane } from "../storage/lanes.ts";
import { insertMessageEvents } from "../storage/message-events.ts";
import { lockMessage, type MessageRow } from "../storage/message-reads.ts";
import { updateMessages } from "../storage/messages.ts";
import { cancelEffect, lockMessageEffect, restartEffect } from "../storage/outbox-changes.ts";
import { type MessageView, viewMessage } from "./messages.ts";
import { newId } from "./new-id.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";

export type SettleAction = "resend" | "cancel";

/**
 * Decides about a message that waits for a person: `unknown` (it may have been sent) or `held`. Throws `invalid_state` when it waits for
 * nobody, or when what it would be sent from is no longer stored.
 */
export async function settleMessage(
  platform: Platform,
  caller: Caller,
  { id, action }: { id: string; action: SettleAction },
): Promise<MessageView> {
  requireScope(caller, "messages:write");
  knownId(id, "message_not_found");
  const now = platform.now();
  const row = await platform.sql.begin(async (sql) => {
    // As for every change from outside a pass, and before the message: who deletes its contact holds the lane, and wants the message later.
    await lockLane(sql, laneOf(id));
    const message = await lockMessage(sql, { workspaceId: caller.workspaceId, id });
    if (!message) throw new AppError("message_not_found");
    if (message.status !== "unknown" && message.status !== "held") {
      throw new AppError(
        "invalid_state",
        `The message is ${message.status}; only a held or unknown one can be settled.`,
        { detail: { status: message.status } },
      );
    }
    return action === "resend" ? resend(sql, { message, caller, now }) : cancel(sql, { message, caller, now });
  });
  platform.signal([row.lane]);
  return viewMessage(row);
}

type Settle = { message: MessageRow; caller: Caller; now: Date };

async function resend(sql: Transaction, { message, caller, now }: Settle): Promise<MessageRow> {
  const { lane, id: messageId } = message;
  const runId = runOf(message);
  const effect = await lockMessageEffect(sql, { lane, runId, messageId });
  if (!effect) throw new AppError("invalid_state", "What this message would be sent from is no longer stored.");
  await restartEffect(sql, { lane, runId, visit: effect.visit, ordinal: effect.ordinal }, now);
  return note(sql, {
    message: { ...message, status: "queued", class: null, reason: "resent_by_request" },
    caller,
    now,
  });
}

async function cancel(sql: Transaction, { message, caller, now }: Settle): Promise<MessageRow> {
  const { lane, id: messageId } = message;
  const runId = runOf(message);
  const effect = await lockMessageEffect(sql, { lane, runId, messageId });
  if (effect) {
    await cancelEffect(sql, { lane, runId, ...effect }, { ok: false, result: { reason: "cancelled_by_request" } });
  }
  return note(sql, {
    message: { ...message, status: "cancelled", class: null, reason: "cancelled_by_request" },
    caller,
    now,
  });
}

/** A message that no run asked for is its own run in the outbox. */
function runOf({ runId, id }: MessageRow): string {
  return runId ?? id;
}

async function note(sql: Transaction, { message, caller, now }: Settle): Promise<MessageRow> {
  const { lane, id, workspaceId, status, reason } = message;
  const type = status === "cancelled" ? "cancelled" : "deferred";
  await updateMessages(sql, [{ ...message, at: now }]);
  await insertMessageEvents(sql, [
    {
      lane,
      messageId: id,
      id: withLane(newId(), lane),
      workspaceId,
      type,
      at: now,
      detail: { reason, by: caller.name },
    },
  ]);
  return { ...message, updatedAt: now };
}
