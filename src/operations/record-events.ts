import { type IdentityKind, identityKinds } from "../core/contact.ts";
import { AppError } from "../core/errors.ts";
import { isConflict } from "../storage/conflicts.ts";
import { loadContacts } from "../storage/contacts.ts";
import type { Sql } from "../storage/database.ts";
import { findAnswers, type KeptAnswer } from "../storage/idempotency.ts";
import { findIdentities, type OwnedIdentity } from "../storage/identities.ts";
import type { FlowCache } from "./flow-cache.ts";
import { Gatherer } from "./gather.ts";
import type { EventReceipt, EventRequest, RecordedEvent } from "./incoming-event.ts";
import { createKnownContacts, identityKey, type KnownContacts } from "./known-contacts.ts";
import { createLaneNews, type LaneNews } from "./lane-news.ts";
import { newId } from "./new-id.ts";
import { contactsToFill, type NamedIdentity, namedIdentities, resolveContacts } from "./resolve-contacts.ts";
import { type EventPlan, makeEventPlan, Overtaken, overtakenTooOften, writeEventPlan } from "./write-events.ts";

export type EventRecorder = Pick<Gatherer<EventRequest, EventReceipt>, "add" | "idle" | "depth">;

export type RecorderOptions = {
  sql: Sql;
  flows: FlowCache;
  now: () => Date;
  /** Called with the lanes that have new work, after the commit; in a flood not after each. */
  onWork: (lanes: ReadonlySet<number>) => void;
  maxWaiting?: number;
};

type Recorder = RecorderOptions & { known: KnownContacts; news: LaneNews };

/**
 * A request with the identities by which each of its events names its contact. `free`: the keys of those that nobody owned a moment ago. That
 * is remembered no longer: an identity that is not claimed is not checked either when the batch is written.
 */
type NamingRequest = EventRequest & { named: readonly NamedIdentity[][]; free: ReadonlySet<string> };

const nothing: ReadonlySet<string> = new Set();

const operation = "events";
const maxBatch = 1000;

/**
 * Makes the one writer of events of this process: when its promise resolves, the events are committed to disk. Who is named by an event is
 * looked up while the batch before is being written.
 */
export function createEventRecorder(options: RecorderOptions): EventRecorder {
  const recorder: Recorder = { ...options, known: createKnownContacts(), news: createLaneNews(options.onWork) };
  const maxWaiting = options.maxWaiting ?? 20_000;
  const writer = new Gatherer<NamingRequest, EventReceipt>({
    write: (batch) => recordBatch(recorder, batch).finally(() => recorder.news.tell(options.now().getTime())),
    sizeOf: ({ events }) => events.length,
    // In a flood two: the database has the next batch while it waits for the disk, and while this thread is at its answers. Measured with
    // single events, 64 at a time: 4,900 a second with one under way, 5,300 with two. With few events two are only smaller, and cost more.
    ...{ maxBatch, maxInFlight: 2, besideFrom: 16, maxWaiting },
  });
  const finder = new Gatherer<NamedIdentity[], ReadonlySet<string>>({
    write: async (batch) => {
      const free = await findOwners(recorder, batch.flat());
      return batch.map(() => free);
    },
    sizeOf: (named) => named.length,
    ...{ maxBatch, maxInFlight: 1, maxWaiting },
  });
  return {
    add({ workspaceId, events, idempotency }) {
      const named = events.map(({ identity }) => namedIdentities(workspaceId, identity));
      const request = { workspaceId, events, named, idempotency, free: nothing };
      const strangers = strangersAmong(recorder, request);
      if (strangers.length === 0) return writer.add(request);
      return finder.add(strangers).then((free) => writer.add({ workspaceId, events, named, idempotency, free }));
    },
    async idle() {
      await finder.idle();
      await writer.idle();
      recorder.news.flush();
    },
    depth: () => finder.depth() + writer.depth(),
  };
}

function strangersAmong({ known }: Recorder, { named, free }: NamingRequest): NamedIdentity[] {
  return named.flat().filter(({ key }) => known.find(key) === undefined && !free.has(key));
}

/** Looks up whose these are, to be remembered; returns the keys of those that are nobody's. */
async function findOwners(
  { sql, known }: Recorder,
  identities: readonly NamedIdentity[],
): Promise<ReadonlySet<string>> {
  const wanted = new Map(identities.map((identity) => [identity.key, identity]));
  for (const owner of await findIdentities(sql, [...wanted.values()])) {
    const key = identityKey(owner);
    known.add(key, owner);
    wanted.delete(key);
  }
  return new Set(wanted.keys());
}

/** Up to its first query it waits for nothing: the database has the batch before anything else in this thread goes on. */
async function recordBatch(recorder: Recorder, batch: NamingRequest[]): Promise<(EventReceipt | Error)[]> {
  return batch.some(({ idempotency }) => idempotency) ? recordOnce(recorder, batch) : recordFresh(recorder, batch);
}

async function recordOnce(recorder: Recorder, batch: NamingRequest[]): Promise<(EventReceipt | Error)[]> {
  const kept = await keptAnswers(recorder.sql, batch);
  const results = batch.map((request) => replay(request, kept));
  const seen = new Set<string>();
  // The second of two requests with one key in one batch waits, and is then answered as a repeat.
  const fresh = batch.filter((request, index) => results[index] === null && isFirst(request, seen));
  const receipts = new Map(fresh.length === 0 ? [] : zip(fresh, await recordFresh(recorder, fresh)));
  const later = batch.filter((request, index) => results[index] === null && !receipts.has(request));
  for (const [request, result] of later.length === 0 ? [] : zip(later, await recordBatch(recorder, later)))
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
  return { events: answer.response as RecordedEvent[], settled: [], replayed: true };
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

async function recordFresh(recorder: Recorder, given: NamingRequest[]): Promise<(EventReceipt | Error)[]> {
  let batch = given;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryBatch(recorder, batch);
    } catch (error) {
      if (!(error instanceof Overtaken || isConflict(error))) throw error;
      if (attempt === 10) throw overtakenTooOften(error);
      batch = await lookAgain(recorder, batch);
      if (error instanceof Overtaken && error.byRequest) return recordBatch(recorder, batch);
    }
  }
}

/** The same batch with nothing supposed of it: neither contacts nor flows were what we took them for. */
async function lookAgain({ known, flows, sql }: Recorder, batch: NamingRequest[]): Promise<NamingRequest[]> {
  for (const { key } of batch.flatMap(({ named }) => named.flat())) known.forget(key);
  await flows.refresh(sql);
  return batch.map((request) => ({ ...request, free: nothing }));
}

async function tryBatch(recorder: Recorder, batch: NamingRequest[]): Promise<EventReceipt[]> {
  const { sql, flows, now, news, known } = recorder;
  const ids = [...new Set(batch.map(({ workspaceId }) => workspaceId))];
  if (ids.some((id) => !flows.workspace(id))) await flows.refresh(sql);
  const calls = batch.flatMap(({ named }) => named);
  const strangers = batch.flatMap((request) => strangersAmong(recorder, request));
  if (strangers.length > 0) await findOwners(recorder, strangers);
  const owners = ownersOf(recorder, calls);
  const toFill = contactsToFill(calls, owners);
  const held = toFill.length === 0 ? new Map() : await heldKinds(sql, toFill);
  const events = batch.flatMap(({ workspaceId, events: own }) => own.map((event) => ({ workspaceId, event })));
  const plan = makeEventPlan(events, resolveContacts(calls, { owners, held }, newId), { flows, now: now() });
  const receipts = cut(batch, plan);
  const answers = batch.flatMap((request, index) => keepable(request, receipts[index]));
  const supposed = { owned: [...owners.values()], revisions: ids.map((id) => revisionOf(recorder, id)) };
  const lanes = await writeEventPlan(sql, plan, { answers, flows, known: supposed, now: now() });
  for (const claim of plan.claims) known.add(identityKey(claim), claim);
  news.add(lanes, plan.events.length);
  return receipts;
}

/** Whose identities these are, as we remember it: to be checked when the batch is written. */
function ownersOf({ known }: Recorder, calls: readonly NamedIdentity[][]): Map<string, OwnedIdentity> {
  const owners = new Map<string, OwnedIdentity>();
  for (const named of calls)
    for (const { key } of named) {
      const owner = known.find(key);
      if (owner) owners.set(key, owner);
    }
  return owners;
}

/** The routing revision as we know it: also checked when the batch is written. */
function revisionOf({ flows }: Recorder, workspaceId: string): { workspaceId: string; revision: number } {
  return { workspaceId, revision: flows.workspace(workspaceId)?.routingRevision ?? 0 };
}

/** Which kinds of identity these contacts have. */
async function heldKinds(
  sql: Sql,
  contacts: readonly { lane: number; id: string }[],
): Promise<Map<string, Set<IdentityKind>>> {
  const rows = await loadContacts(sql, contacts);
  return new Map(rows.map((row) => [row.id, new Set(identityKinds.filter((kind) => row[kind] !== null))]));
}

function cut(batch: readonly EventRequest[], { recorded, settled }: EventPlan): EventReceipt[] {
  let from = 0;
  return batch.map(({ events }) => {
    const to = from + events.length;
    const receipt = { events: recorded.slice(from, to), settled: settled.slice(from, to), replayed: false };
    from = to;
    return receipt;
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
