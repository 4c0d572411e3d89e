import { type IdentityKind, identityKinds } from "../core/contact.ts";
import { AppError } from "../core/errors.ts";
import { isConflict } from "../storage/conflicts.ts";
import { loadContacts } from "../storage/contacts.ts";
import type { Sql } from "../storage/database.ts";
import { findAnswers, type KeptAnswer } from "../storage/idempotency.ts";
import { findIdentities, type IdentityRow, type OwnedIdentity } from "../storage/identities.ts";
import type { FlowCache } from "./flow-cache.ts";
import { Gatherer } from "./gather.ts";
import type { EventReceipt, EventRequest, RecordedEvent } from "./incoming-event.ts";
import { createKnownContacts, type KnownContacts } from "./known-contacts.ts";
import { createLaneNews, type LaneNews } from "./lane-news.ts";
import { newId } from "./new-id.ts";
import { contactsToFill, identityRows, resolveContacts } from "./resolve-contacts.ts";
import { makeEventPlan, Overtaken, overtakenTooOften, writeEventPlan } from "./write-events.ts";

export type EventRecorder = Gatherer<EventRequest, EventReceipt>;

export type RecorderOptions = {
  sql: Sql;
  flows: FlowCache;
  now: () => Date;
  /** Called with the lanes that have new work, after the commit; in a flood not after each. */
  onWork: (lanes: ReadonlySet<number>) => void;
  maxWaiting?: number;
};

type Recorder = RecorderOptions & { known: KnownContacts; news: LaneNews };

/** So many events waiting for the next batch are more than a lone sender makes. */
const flood = 16;

const operation = "events";

/** Makes the one writer of events of this process: when its promise resolves, the events are committed to disk. */
export function createEventRecorder(options: RecorderOptions): EventRecorder {
  const recorder: Recorder = { ...options, known: createKnownContacts(), news: createLaneNews(options.onWork) };
  const gatherer: EventRecorder = new Gatherer({
    write: (batch) => recordBatch(recorder, batch).finally(() => tellWork(recorder, gatherer.waiting())),
    sizeOf: (request) => request.events.length,
    maxBatch: 1000,
    // One: a statement costs as much as 30 events in it; of single events, batches hold about 30, and held 21 with two under way.
    maxInFlight: 1,
    maxWaiting: options.maxWaiting ?? 20_000,
  });
  return gatherer;
}

function tellWork({ news, now }: Recorder, waiting: number): void {
  news.tell({ isFlood: waiting >= flood, now: now().getTime() });
}

async function recordBatch(options: Recorder, batch: EventRequest[]): Promise<(EventReceipt | Error)[]> {
  const kept = await keptAnswers(options.sql, batch);
  const results = batch.map((request) => replay(request, kept));
  const seen = new Set<string>();
  // The second of two requests with one key in one batch waits, and is then answered as a repeat.
  const fresh = batch.filter((request, index) => results[index] === null && isFirst(request, seen));
  const receipts = new Map(fresh.length === 0 ? [] : zip(fresh, await recordFresh(options, fresh)));
  const later = batch.filter((request, index) => results[index] === null && !receipts.has(request));
  for (const [request, result] of later.length === 0 ? [] : zip(later, await recordBatch(options, later)))
    receipts.set(request, result);
  return batch.map(
    (request, index) => results[index] ?? receipts.get(request) ?? new Error("An event request got no result."),
  );
}

async function keptAnswers(sql: Sql, batch: EventRequest[]): Promise<Map<string, KeptAnswer>> {
  const keys = batch.flatMap(({ workspaceId, idempotency }) =>
    idempotency ? [{ workspaceId, operation, key: idempotency.key }] : [],
  );
  if (keys.length === 0) return new Map();
  return new Map((await findAnswers(sql, keys)).map((answer) => [`${answer.workspaceId}|${answer.key}`, answer]));
}

function replay(
  { workspaceId, idempotency }: EventRequest,
  kept: Map<string, KeptAnswer>,
): EventReceipt | Error | null {
  const answer = idempotency ? kept.get(`${workspaceId}|${idempotency.key}`) : undefined;
  if (!answer) return null;
  if (answer.requestHash !== idempotency?.hash) return new AppError("idempotency_key_reused");
  return { events: answer.response as RecordedEvent[], replayed: true };
}

function isFirst({ workspaceId, idempotency }: EventRequest, seen: Set<string>): boolean {
  if (!idempotency) return true;
  const key = `${workspaceId}|${idempotency.key}`;
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function zip<Left, Right>(left: readonly Left[], right: readonly Right[]): [Left, Right][] {
  return left.map((item, index) => [item, right[index] as Right]);
}

async function recordFresh(options: Recorder, batch: EventRequest[]): Promise<(EventReceipt | Error)[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryBatch(options, batch);
    } catch (error) {
      if (!(error instanceof Overtaken || isConflict(error))) throw error;
      if (attempt === 10) throw overtakenTooOften(error);
      options.known.forget(wantedBy(batch));
      await options.flows.refresh(options.sql);
      if (error instanceof Overtaken && error.byRequest) return recordBatch(options, batch);
    }
  }
}

async function tryBatch(recorder: Recorder, batch: EventRequest[]): Promise<EventReceipt[]> {
  const { sql, flows, now, news, known } = recorder;
  const flat = batch.flatMap(({ workspaceId, events }) =>
    events.map((event) => ({ workspaceId, event, identity: event.identity })),
  );
  const revisions = await revisionsOf(recorder, batch);
  const { guessed, looked } = await ownersOf(recorder, batch);
  const owned = [...guessed, ...looked];
  const held = await heldKinds(sql, contactsToFill(flat, owned));
  const plan = makeEventPlan(flat, resolveContacts(flat, { owned, held }, newId), { flows, now: now() });
  const receipts = cut(batch, plan.recorded);
  const answers = batch.flatMap((request, index) => keepable(request, receipts[index]));
  const lanes = await writeEventPlan(sql, plan, { answers, flows, known: { owned: guessed, revisions }, now: now() });
  known.add(looked);
  known.add(plan.claims);
  news.add(lanes);
  return receipts;
}

function wantedBy(batch: readonly EventRequest[]): IdentityRow[] {
  return batch.flatMap(({ workspaceId, events }) =>
    events.flatMap(({ identity }) => identityRows(workspaceId, identity)),
  );
}

/** Whose identities these are: as we remember it, to be checked when the batch is written, and else as the database has it. */
async function ownersOf(
  { sql, known }: Recorder,
  batch: readonly EventRequest[],
): Promise<Record<"guessed" | "looked", OwnedIdentity[]>> {
  const guessed = new Set<OwnedIdentity>();
  const missing: IdentityRow[] = [];
  for (const row of wantedBy(batch)) {
    const owner = known.find(row);
    if (owner) guessed.add(owner);
    else missing.push(row);
  }
  return { guessed: [...guessed], looked: missing.length === 0 ? [] : await findIdentities(sql, missing) };
}

/** The routing revisions as we know them: also checked when the batch is written. */
async function revisionsOf(
  { sql, flows }: Recorder,
  batch: readonly EventRequest[],
): Promise<{ workspaceId: string; revision: number }[]> {
  const ids = [...new Set(batch.map(({ workspaceId }) => workspaceId))];
  if (ids.some((id) => !flows.workspace(id))) await flows.refresh(sql);
  return ids.map((workspaceId) => ({ workspaceId, revision: flows.workspace(workspaceId)?.routingRevision ?? 0 }));
}

/** Which kinds of identity these contacts have. */
async function heldKinds(
  sql: Sql,
  contacts: readonly { lane: number; id: string }[],
): Promise<Map<string, Set<IdentityKind>>> {
  const rows = contacts.length === 0 ? [] : await loadContacts(sql, contacts);
  return new Map(rows.map((row) => [row.id, new Set(identityKinds.filter((kind) => row[kind] !== null))]));
}

function cut(batch: readonly EventRequest[], recorded: readonly RecordedEvent[]): EventReceipt[] {
  let from = 0;
  return batch.map(({ events }) => {
    from += events.length;
    return { events: recorded.slice(from - events.length, from), replayed: false };
  });
}

function keepable({ workspaceId, idempotency }: EventRequest, receipt: EventReceipt | undefined): KeptAnswer[] {
  if (!idempotency || !receipt) return [];
  return [
    {
      workspaceId,
      operation,
      key: idempotency.key,
      requestHash: idempotency.hash,
      status: 202,
      response: receipt.events,
    },
  ];
}
