import { countOf } from "../../core/flow/counts.ts";
import type { TrailEntry } from "../../core/flow/run.ts";
import { ownMailEffect } from "../../core/message/own-mail.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { Gatherer } from "../../operations/gather.ts";
import { isHeardOfMessage, tellOfMessages } from "../../operations/message-occurrences.ts";
import { addCounts, type CounterRow, outsideOfLanes } from "../../storage/counters.ts";
import { isDataFault } from "../../storage/data-fault.ts";
import type { Sql, Transaction } from "../../storage/database.ts";
import { holdEffects } from "../../storage/holds.ts";
import { insertMessageEvents, type MessageEventType } from "../../storage/message-events.ts";
import { updateMessages } from "../../storage/messages.ts";
import {
  answerEffects,
  finishEffects,
  lockEffects,
  type OutboxKey,
  type OutboxRow,
  retryEffects,
} from "../../storage/outbox.ts";
import { insertSandboxMessages } from "../../storage/sandbox-messages.ts";
import { writeTogether } from "../../storage/together.ts";
import { insertTrail, type TrailRow } from "../../storage/trail.ts";
import type { Settlement } from "./performer.ts";

export type SettlerOptions = {
  sql: Sql;
  flows: FlowCache;
  worker: string;
  now: () => Date;
  /** Called after the commit with the lanes in which runs have answers, or events are in line. */
  onWork: (lanes: ReadonlySet<number>) => void;
};

/** The one writer of what came of effects: attempts that end while a batch is being written share the next one. */
export function createSettler(options: SettlerOptions): Gatherer<Settlement, undefined> {
  return new Gatherer({
    write: (batch) => settle(options, batch),
    maxBatch: 500,
    // One at a time: what ends meanwhile shares the next batch.
    maxInFlight: 1,
    maxWaiting: Number.POSITIVE_INFINITY,
  });
}

/** One settlement that cannot be written does not keep back the others: a batch that the database refuses is halved. */
async function settle(options: SettlerOptions, batch: Settlement[]): Promise<(undefined | Error)[]> {
  let told: number[];
  try {
    told = await options.sql.begin((transaction) => write(transaction, batch, options));
  } catch (error) {
    if (!isDataFault(error) || !(error instanceof Error)) throw error;
    if (batch.length === 1) return [error];
    const middle = batch.length >> 1;
    return [...(await settle(options, batch.slice(0, middle))), ...(await settle(options, batch.slice(middle)))];
  }
  const answered = batch.filter(({ next }) => next.kind === "answer").map(({ effect }) => effect.lane);
  if (answered.length + told.length > 0) options.onWork(new Set([...answered, ...told]));
  return batch.map(() => undefined);
}

/**
 * Writes the outbox first, which tells whose lease still held. Without it the attempt changes nothing any more, but what happened in
 * it stays a fact: it is in the life of the message, and a mail that went out is a sent one. Returns the lanes in which flows have
 * something to hear of messages.
 */
async function write(sql: Transaction, batch: Settlement[], { worker, now, flows }: SettlerOptions): Promise<number[]> {
  const hasMessages = batch.some(({ messageEvents }) => messageEvents !== undefined);
  const [counted] = await Promise.all([writeOutbox(sql, batch, worker), hasMessages && flows.refresh(sql)]);
  const isCounted = ({ effect }: Settlement) => counted.has(keyText(effect));
  const messages = batch.flatMap((settlement) =>
    settlement.message && (settlement.message.status === "sent" || isCounted(settlement)) ? [settlement.message] : [],
  );
  const events = batch.flatMap(({ messageEvents }) => messageEvents ?? []);
  const happened = batch.flatMap(happenings).filter((one) => isHeardOfMessage(flows, one));
  // Apart from the others, for only what is new in the life of a message is told.
  const added = happened.length === 0 ? [] : await insertMessageEvents(sql, events);
  const sandbox = batch.flatMap((settlement) => settlement.sandbox ?? []);
  const trail = trailRows(batch.filter(isCounted), now());
  await writeTogether(sql, [
    ...(messages.length > 0 ? [updateMessages(sql, messages)] : []),
    ...(events.length > 0 && happened.length === 0 ? [insertMessageEvents(sql, events)] : []),
    ...(sandbox.length > 0 ? [insertSandboxMessages(sql, sandbox)] : []),
    ...(trail.length > 0 ? [insertTrail(sql, trail)] : []),
  ]);
  const counts = countsOf(batch.filter(isCounted));
  if (counts.length > 0) await addCounts(sql, counts);
  const isNew = new Set(added.map((row) => row["id"]));
  return tellOfMessages(
    sql,
    flows,
    happened.filter(({ id }) => isNew.has(id)),
  );
}

function happenings({ effect, messageEvents = [] }: Settlement) {
  const { contactId, priority } = effect;
  return messageEvents.map((event) => ({ contactId, priority, ...event }));
}

/** The keys of the effects that `worker` still held. */
async function writeOutbox(sql: Transaction, batch: Settlement[], worker: string): Promise<Set<string>> {
  const answers = batch.flatMap(({ effect, next }) =>
    next.kind === "answer" ? [{ answer: next.answer, ...keyOf(effect) }] : [],
  );
  const retries = batch.flatMap(({ effect, next }) =>
    next.kind === "retry" ? [{ ...keyOf(effect), ...next, dueAt: next.at }] : [],
  );
  const done = batch.flatMap(({ effect, next }) => (next.kind === "done" ? [keyOf(effect)] : []));
  const held = batch.flatMap(({ effect, next }) => (next.kind === "hold" ? [keyOf(effect)] : []));
  const beside = besideOthers(batch).map(keyOf);
  const [, ...keys] = await Promise.all([
    beside.length > 0 && lockEffects(sql, beside),
    answers.length > 0 ? answerEffects(sql, worker, answers) : [],
    retries.length > 0 ? retryEffects(sql, worker, retries) : [],
    done.length > 0 ? finishEffects(sql, worker, done) : [],
    held.length > 0 ? holdEffects(sql, worker, held) : [],
  ]);
  return new Set(keys.flat().map(keyText));
}

/** The effects of contacts that have several in the batch. */
function besideOthers(batch: readonly Settlement[]): OutboxRow[] {
  const counts = new Map<string, number>();
  for (const { effect } of batch) counts.set(effect.contactId, (counts.get(effect.contactId) ?? 0) + 1);
  return batch.flatMap(({ effect }) => ((counts.get(effect.contactId) ?? 0) > 1 ? [effect] : []));
}

/** A row for each visit: two effects of one visit that end together share it, for a statement may not touch a row twice. */
function trailRows(batch: readonly Settlement[], at: Date): TrailRow[] {
  const rows = new Map<string, TrailRow & { entries: TrailEntry[] }>();
  for (const { effect, trail } of batch) {
    if (!trail) continue;
    const { lane, runId, visit } = effect;
    const key = `${runId}|${visit}`;
    const row = rows.get(key) ?? { lane, runId, seq: visit, at, entries: [] };
    row.entries.push(trail);
    rows.set(key, row);
  }
  return [...rows.values()];
}

function countsOf(batch: readonly Settlement[]): CounterRow[] {
  const rows = new Map<string, CounterRow>();
  for (const settlement of batch) {
    const { workspaceId, flowId: subject, version } = settlement.effect;
    for (const name of countsOfOne(settlement)) {
      const key = `${subject}|${version}|${name}`;
      const by = (rows.get(key)?.by ?? 0) + 1;
      rows.set(key, { lane: outsideOfLanes, workspaceId, subject, version, name, by });
    }
  }
  return [...rows.values()];
}

/** What it says itself, and how its message ended. A mail that no flow asked for is counted nowhere. */
function countsOfOne({ effect, count, messageEvents = [] }: Settlement): string[] {
  if (ownMailEffect(effect)) return [];
  const ended = messageEvents.flatMap(({ type }) => (isEnd(type) ? [countOf.message(effect.step, type)] : []));
  return count === undefined ? ended : [...ended, count];
}

function isEnd(type: MessageEventType): type is "sent" | "bounced" | "failed" | "held" {
  return type === "sent" || type === "bounced" || type === "failed" || type === "held";
}

function keyOf({ lane, runId, visit, ordinal }: OutboxKey): OutboxKey {
  return { lane, runId, visit, ordinal };
}

function keyText({ runId, visit, ordinal }: OutboxKey): string {
  return `${runId}|${visit}|${ordinal}`;
}
