import { decideSending, type SendingVerdict } from "../../core/message/sending.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { Gatherer } from "../../operations/gather.ts";
import { newId } from "../../operations/new-id.ts";
import type { Queryable, Sql } from "../../storage/database.ts";
import { insertMessageEvents } from "../../storage/message-events.ts";
import { saveBuckets } from "../../storage/rate-buckets.ts";
import { markBegun } from "../../storage/sending.ts";
import { findSuppressed } from "../../storage/suppressions.ts";
import { type BeginItem, keyOfBucket, loadSendingState, outgoingOf, type Ruled, rulesFor } from "./sending-rules.ts";

export type BeginResult = SendingVerdict | { kind: "suppressed"; reason: string };

export type BeginnerOptions = { sql: Sql; flows: FlowCache; now: () => Date };

/**
 * Decides, in batches, about messages that are about to be handed over: suppressions first, then the rules around sending. What goes is
 * noted on disk before anything leaves.
 */
export function createBeginner({ sql, flows, now }: BeginnerOptions): Gatherer<BeginItem, BeginResult> {
  return new Gatherer({
    write: (batch) => begin({ sql, flows, now: now() }, batch),
    maxBatch: 200,
    // One at a time: what ends meanwhile shares the next batch.
    maxInFlight: 1,
    maxWaiting: Number.POSITIVE_INFINITY,
  });
}

type Beginning = { sql: Sql; flows: FlowCache; now: Date };

async function begin({ sql, flows, now }: Beginning, batch: BeginItem[]): Promise<BeginResult[]> {
  // What is no message goes to people of the workspace, who are not asked whether they want it.
  const messages = batch.filter(({ effect }) => effect.messageId !== null);
  const keys = messages.map(({ effect, address }) => ({ workspaceId: effect.workspaceId, address }));
  const rows = keys.length === 0 ? [] : await findSuppressed(sql, "email", keys);
  const reasons = new Map(rows.map(({ workspaceId, address, reason }) => [`${workspaceId}|${address}`, reason]));
  const results = new Map<BeginItem, BeginResult>();
  const free: BeginItem[] = [];
  const ruled: Ruled[] = [];
  for (const item of batch) {
    const { workspaceId, messageId } = item.effect;
    const reason = messageId === null ? undefined : reasons.get(`${workspaceId}|${item.address}`);
    const rules = rulesFor(flows, item);
    if (reason !== undefined) results.set(item, { kind: "suppressed", reason });
    else if (rules === null) free.push(item);
    else ruled.push({ item, rules });
  }
  for (const item of free) results.set(item, { kind: "send" });
  if (ruled.length === 0) await note(sql, free, now);
  else
    for (const [item, verdict] of await beginByRules({ sql, flows, now }, { ruled, free })) results.set(item, verdict);
  return batch.map((item) => results.get(item) ?? { kind: "send" });
}

/**
 * In one transaction, which holds contacts and rates against other processes: what is counted before it is decided is still so when it is
 * written.
 */
async function beginByRules(
  { sql, flows, now }: Beginning,
  { ruled, free }: { ruled: Ruled[]; free: BeginItem[] },
): Promise<Map<BeginItem, SendingVerdict>> {
  return sql.begin(async (transaction) => {
    const { state, timeZones } = await loadSendingState(transaction, ruled, now);
    const outgoing = ruled.map((one) => outgoingOf(one, { flows, timeZones }));
    const decided = decideSending(outgoing, state, now);
    const verdicts = new Map<BeginItem, SendingVerdict>();
    const counted: { lane: number; contactId: string; id: string }[] = [];
    ruled.forEach(({ item, rules }, index) => {
      const message = outgoing[index];
      const verdict = message && decided.get(message);
      if (!verdict) return;
      verdicts.set(item, verdict);
      if (verdict.kind === "send" && rules.caps.length > 0)
        counted.push({ lane: item.effect.lane, contactId: item.effect.contactId, id: message.id });
    });
    const going = ruled.map(({ item }) => item).filter((item) => verdicts.get(item)?.kind === "send");
    const buckets = [...state.buckets].map(([key, bucket]) => ({ ...keyOfBucket(key), bucket }));
    await Promise.all([
      note(transaction, [...free, ...going], now),
      counted.length > 0 ? markBegun(transaction, counted, now) : null,
      buckets.length > 0 ? saveBuckets(transaction, buckets) : null,
    ]);
    return verdicts;
  });
}

async function note(sql: Queryable, items: readonly BeginItem[], now: Date): Promise<void> {
  const events = items.flatMap(({ effect, transport }) => {
    if (effect.messageId === null) return [];
    const { lane, messageId, workspaceId } = effect;
    const detail = { attempt: effect.attempt + 1, transport };
    return [{ lane, messageId, id: newId(), workspaceId, type: "attempting" as const, at: now, detail }];
  });
  if (events.length > 0) await insertMessageEvents(sql, events);
}
