import { withLane } from "../core/id.ts";
import type { Transaction } from "../storage/database.ts";
import { insertMessageEvents } from "../storage/message-events.ts";
import { lockUnsent } from "../storage/message-reads.ts";
import { updateMessages } from "../storage/messages.ts";
import { newId } from "./new-id.ts";

type Stop = { contactId: string; ids: readonly (string | null)[]; reason: string; now: Date };

/** Marks messages of one contact as cancelled, with the reason in their life. Those already sent stay as they are. */
export async function stopMessages(sql: Transaction, { contactId, ids, reason, now }: Stop): Promise<void> {
  const wanted = ids.filter((id) => id !== null);
  const rows = wanted.length === 0 ? [] : await lockUnsent(sql, { contactId, ids: wanted });
  if (rows.length === 0) return;
  await updateMessages(
    sql,
    rows.map((row) => ({ ...row, status: "cancelled", class: null, reason, at: now })),
  );
  await insertMessageEvents(
    sql,
    rows.map(({ lane, id, workspaceId }) => ({
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
