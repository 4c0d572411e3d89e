import type { Run } from "../core/flow/run.ts";
import type { Transaction } from "../storage/database.ts";
import { stopEffectsOfRuns } from "../storage/outbox-changes.ts";
import { stopMessagesOf } from "./stop-messages.ts";

/** Takes back what runs asked for and nobody has begun. A call or mail in hand goes on, unheard. The caller holds the lanes. */
export async function stopEffectsOf(
  sql: Transaction,
  runs: readonly Run[],
  { reason, now }: { reason: string; now: Date },
): Promise<void> {
  if (runs.length === 0) return;
  const stopped = await stopEffectsOfRuns(
    sql,
    runs.map(({ lane, id }) => ({ lane, runId: id })),
  );
  const byId = new Map(runs.map((run) => [run.id, run]));
  const messages = stopped.flatMap(({ runId, messageId }) => {
    const run = byId.get(runId);
    return run && messageId !== null ? [{ lane: run.lane, contactId: run.contactId, id: messageId, reason }] : [];
  });
  await stopMessagesOf(sql, messages, now);
}
