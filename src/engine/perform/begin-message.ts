import { decideSending, type SendingVerdict } from "../../core/message/sending.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { Gatherer } from "../../operations/gather.ts";
import { newId } from "../../operations/new-id.ts";
import type { Queryable, Sql } from "../../storage/database.ts";
import { insertMessageEvents, insertUnlessSuppressed, type MessageEventRow } from "../../storage/message-events.ts";
import { saveBuckets } from "../../storage/rate-buckets.ts";
import { markBegun } from "../../storage/sending.ts";
import { findSuppressed } from "../../storage/suppressions.ts";
import { type BeginItem, keyOfBucket, loadSendingState, outgoingOf, type Ruled, rulesOf } from "./sending-rules.ts";

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

async function begin(beginning: Beginning, batch: BeginItem[]): Promise<BeginResult[]> {
  const ruled: Ruled[] = [];
  for (const item of batch) {
    const rules = rulesOf(beginning.flows, item);
    if (rules !== null) ruled.push({ item, rules });
  }
  return ruled.length === 0 ? beginFree(beginning, batch) : beginAmongRuled(beginning, batch, ruled);
}

/** Messages without rules: one statement finds who is suppressed and notes the others. */
async function beginFree({ sql, now }: Beginning, batch: BeginItem[]): Promise<BeginResult[]> {
  const notes = batch.flatMap((item) => notesOf(item, now).map((note) => ({ address: item.address, ...note })));
  const suppressed = notes.length === 0 ? [] : await insertUnlessSuppressed(sql, "email", notes);
  const reasons = new Map(suppressed.map(({ messageId, reason }) => [messageId, reason]));
  return batch.map(({ effect }) => {
    const reason = effect.messageId === null ? undefined : reasons.get(effect.messageId);
    return reason === undefined ? { kind: "send" } : { kind: "suppressed", reason };
  });
}

async function beginAmongRuled(
  { sql, flows, now }: Beginning,
  batch: BeginItem[],
  ruled: readonly Ruled[],
): Promise<BeginResult[]> {
  // What is no message goes to people of the workspace, who are not asked whether they want it.
  const messages = batch.filter(({ effect }) => effect.messageId !== null);
  const keys = messages.map(({ effect, address }) => ({ workspaceId: effect.workspaceId, address }));
  const rows = keys.length === 0 ? [] : await findSuppressed(sql, "email", keys);
  const reasons = new Map(rows.map(({ workspaceId, address, reason }) => [`${workspaceId}|${address}`, reason]));
  const results = new Map<BeginItem, BeginResult>();
  for (const item of messages) {
    const reason = reasons.get(`${item.effect.workspaceId}|${item.address}`);
    if (reason !== undefined) results.set(item, { kind: "suppressed", reason });
  }
  const isOpen = (item: BeginItem) => !results.has(item);
  const withRules = new Set(ruled.map(({ item }) => item));
  const free = batch.filter((item) => isOpen(item) && !withRules.has(item));
  const open = ruled.filter(({ item }) => isOpen(item));
  if (open.length === 0) await note(sql, free, now);
  else
    for (const [item, verdict] of await beginByRules({ sql, flows, now }, { ruled: open, free }))
      results.set(item, verdict);
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
  const events = items.flatMap((item) => notesOf(item, now));
  if (events.length > 0) await insertMessageEvents(sql, events);
}

/** The note that an attempt begins; none for what is no message. */
function notesOf({ effect, transport }: BeginItem, now: Date): MessageEventRow[] {
  const { lane, messageId, workspaceId, attempt } = effect;
  if (messageId === null) return [];
  const detail = { attempt: attempt + 1, transport };
  return [{ lane, messageId, id: newId(), workspaceId, type: "attempting", at: now, detail }];
}
