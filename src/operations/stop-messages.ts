import { withLane } from "../core/id.ts";
import type { Transaction } from "../storage/database.ts";
import { insertMessageEvents } from "../storage/message-events.ts";
import { lockUnsent, lockUnsentOf, type MessageKey, type MessageRow } from "../storage/message-reads.ts";
import { updateMessages } from "../storage/messages.ts";
import { newId } from "./new-id.ts";

type Stop = { contactId: string; ids: readonly (string | null)[]; reason: string; now: Date };

/** Marks messages of one contact as cancelled, with the reason in their life. Those already sent stay as they are. */
export async function stopMessages(sql: Transaction, { contactId, ids, reason, now }: Stop): Promise<void> {
  const wanted = ids.filter((id) => id !== null);
  const rows = wanted.length === 0 ? [] : await lockUnsent(sql, { contactId, ids: wanted });
  await cancel(
    sql,
    rows.map((row) => ({ row, reason })),
    now,
  );
}

/** The same for messages of many contacts, each with its reason. */
export async function stopMessagesOf(
  sql: Transaction,
  messages: readonly (MessageKey & { reason: string })[],
  now: Date,
): Promise<void> {
  if (messages.length === 0) return;
  const reasons = new Map(messages.map(({ id, reason }) => [id, reason]));
  const rows = await lockUnsentOf(sql, messages);
  await cancel(
    sql,
    rows.map((row) => ({ row, reason: reasons.get(row.id) ?? "run_cancelled" })),
    now,
  );
}

async function cancel(
  sql: Transaction,
  stopped: readonly { row: MessageRow; reason: string }[],
  now: Date,
): Promise<void> {
  if (stopped.length === 0) return;
  await updateMessages(
    sql,
    stopped.map(({ row, reason }) => ({ ...row, status: "cancelled", class: null, reason, at: now })),
  );
  await insertMessageEvents(
    sql,
    stopped.map(({ row: { lane, id, workspaceId }, reason }) => ({
      lane,
      messageId: id,
      id: withLane(newId(), lane),
      workspaceId,
      type: "cancelled",
      at: now,
      detail: { reason },
    })),
  );
}
