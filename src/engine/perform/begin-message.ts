import { Gatherer } from "../../operations/gather.ts";
import { newId } from "../../operations/new-id.ts";
import type { Sql } from "../../storage/database.ts";
import { insertMessageEvents } from "../../storage/message-events.ts";
import type { OutboxRow } from "../../storage/outbox.ts";
import { findSuppressed } from "../../storage/suppressions.ts";

export type BeginItem = { effect: OutboxRow; address: string; transport: string };
export type BeginResult = { suppressed: string | null };

/** Notes, in batches and on disk before anything leaves, that messages are about to be handed over. Suppressed ones get no note. */
export function createBeginner(sql: Sql, now: () => Date): Gatherer<BeginItem, BeginResult> {
  return new Gatherer({
    write: (batch) => begin(sql, batch, now()),
    maxBatch: 200,
    // One at a time: what ends meanwhile shares the next batch.
    maxInFlight: 1,
    maxWaiting: Number.POSITIVE_INFINITY,
  });
}

async function begin(sql: Sql, batch: BeginItem[], now: Date): Promise<BeginResult[]> {
  // What is no message goes to people of the workspace, who are not asked whether they want it.
  const messages = batch.filter(({ effect }) => effect.messageId !== null);
  const keys = messages.map(({ effect, address }) => ({ workspaceId: effect.workspaceId, address }));
  const rows = keys.length === 0 ? [] : await findSuppressed(sql, "email", keys);
  const reasons = new Map(rows.map(({ workspaceId, address, reason }) => [`${workspaceId}|${address}`, reason]));
  const results = batch.map(({ effect, address }) => ({
    suppressed: effect.messageId === null ? null : (reasons.get(`${effect.workspaceId}|${address}`) ?? null),
  }));
  const events = batch.flatMap(({ effect, transport }, index) => {
    if (results[index]?.suppressed !== null || effect.messageId === null) return [];
    const { lane, messageId, workspaceId } = effect;
    return [
      {
        lane,
        messageId,
        id: newId(),
        workspaceId,
        type: "attempting" as const,
        at: now,
        detail: { attempt: effect.attempt + 1, transport },
      },
    ];
  });
  if (events.length > 0) await insertMessageEvents(sql, events);
  return results;
}
