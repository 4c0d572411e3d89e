import { type IdentityKind, identityKinds } from "../core/contact.ts";
import { AppError } from "../core/errors.ts";
import { isConflict } from "../storage/conflicts.ts";
import { loadContacts } from "../storage/contacts.ts";
import type { Sql } from "../storage/database.ts";
import { findAnswers, type KeptAnswer } from "../storage/idempotency.ts";
import { lookAtIdentities } from "../storage/identities.ts";
import type { FlowCache } from "./flow-cache.ts";
import { Gatherer } from "./gather.ts";
import type { EventReceipt, EventRequest, RecordedEvent } from "./incoming-event.ts";
import { createKnownAdmissions, type KnownAdmissions } from "./known-admissions.ts";
import { createKnownContacts, identityKey, type KnownContacts } from "./known-contacts.ts";
import { createLaneNews, type LaneNews } from "./lane-news.ts";
import { newId } from "./new-id.ts";
import { contactsToFill, type NamedIdentity, namedIdentities, resolveContacts } from "./resolve-contacts.ts";
import { learn, suppose } from "./suppositions.ts";
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

/** `waryUntil`: until when (in epoch milliseconds) every owner is checked, because somebody else took identities a moment ago. */
type Recorder = RecorderOptions & {
  known: KnownContacts;
  admissions: KnownAdmissions;
  news: LaneNews;
  waryUntil: number;
};

/** A request with the identities by which each of its events names its contact. */
type NamingRequest = EventRequest & { named: readonly NamedIdentity[][] };

const waryMs = 1000;

const operation = "events";
const maxBatch = 1000;

/**
 * Makes the one writer of events of this process: when its promise resolves, the events are committed to disk. Who is named by an event is
 * looked up while the batch before is being written.
 */
export function createEventRecorder(options: RecorderOptions): EventRecorder {
  const news = createLaneNews(options.onWork);
  const admissions = createKnownAdmissions(options);
  const recorder: Recorder = { ...options, known: createKnownContacts(), admissions, news, waryUntil: 0 };
  const maxWaiting = options.maxWaiting ?? 20_000;
  const writer = new Gatherer<NamingRequest, EventReceipt>({
    write: (batch) => recordBatch(recorder, batch).finally(() => news.tell(options.now().getTime())),
    sizeOf: ({ events }) => events.length,
    // In a flood three: the database has the next batch while it waits for the disk, and while this thread is at its answers. Measured with
    // single events, 64 at a time: two under way bring 8 % more than one, three 4 % more than two, and five no more than three. With few
    // events they are only smaller, and cost more.
    ...{ maxBatch, maxInFlight: 3, besideFrom: 14, maxWaiting },
  });
  const finder = new Gatherer<NamedIdentity[], void>({
    write: async (batch) => {
      await findOwners(recorder, batch.flat());
      return batch.map(() => undefined);
    },
    sizeOf: (named) => named.length,
    ...{ maxBatch, maxInFlight: 1, maxWaiting },
  });
  return {
    add({ workspaceId, events, idempotency }) {
      const named = events.map(({ identity }) => namedIdentities(workspaceId, identity));
      const request = { workspaceId, events, named, idempotency };
      const strangers = recall(recorder, named);
      if (strangers.length === 0) return writer.add(request);
      return finder.add(strangers).then(() => writer.add(request));
    },
    async idle() {
      await finder.idle();
      await writer.idle();
      news.flush();
      await admissions.idle();
    },
    depth: () => finder.depth() + writer.depth(),
  };
}

/** Takes from memory who owns these, and returns those of whom nothing is known. What was nobody's may have been claimed since. */
function recall({ known }: Recorder, calls: readonly NamedIdentity[][]): NamedIdentity[] {
  const strangers: NamedIdentity[] = [];
  for (const named of calls)
    for (const identity of named) {
      if (identity.owner) continue;
      const isNobodys = identity.owner === null;
      identity.owner = known.find(identity.key) ?? (isNobodys ? null : undefined);
      if (identity.owner === undefined) strangers.push(identity);
    }
  return strangers;
}

/** Looks up whose these are, to be remembered where they are somebody's. */
async function findOwners({ sql, known }: Recorder, identities: readonly NamedIdentity[]): Promise<void> {
  const wanted = new Map(identities.map((identity) => [identity.key, identity]));
  const { owned, revisions } = await lookAtIdentities(sql, [...wanted.values()]);
  for (const [workspaceId, revision] of revisions) known.sawRevision(workspaceId, revision);
  for (const owner of owned) known.add(identityKey(owner), owner, revisions.get(owner.workspaceId) ?? null);
  for (const identity of identities) identity.owner = known.find(identity.key) ?? null;
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

async function recordFresh(recorder: Recorder, batch: NamingRequest[]): Promise<(EventReceipt | Error)[]> {
  for (let attempt = 1; ; attempt += 1) {
    const now = recorder.now().getTime();
    try {
      return await tryBatch(recorder, batch, { isWary: now < recorder.waryUntil });
    } catch (error) {
      if (!(error instanceof Overtaken || isConflict(error))) throw error;
      if (attempt === 10) throw overtakenTooOften(error);
      recorder.waryUntil = now + waryMs;
      await forgetAbout(recorder, batch);
      if (error instanceof Overtaken && error.byRequest) return recordBatch(recorder, batch);
    }
  }
}

/** Nothing is supposed of the batch any more: neither contacts nor flows were what we took them for. */
async function forgetAbout({ known, flows, sql }: Recorder, batch: NamingRequest[]): Promise<void> {
  for (const identity of batch.flatMap(({ named }) => named.flat())) {
    known.forget(identity.key);
    identity.owner = undefined;
  }
  await flows.refresh(sql);
}

async function tryBatch(
  recorder: Recorder,
  batch: NamingRequest[],
  { isWary }: { isWary: boolean },
): Promise<EventReceipt[]> {
  const { sql, flows, now, news, known, admissions } = recorder;
  const ids = [...new Set(batch.map(({ workspaceId }) => workspaceId))];
  if (ids.some((id) => !flows.workspace(id))) await flows.refresh(sql);
  const calls = batch.flatMap(({ named }) => named);
  const strangers = recall(recorder, calls);
  if (strangers.length > 0) await findOwners(recorder, strangers);
  const routing = ids.map((id) => ({ workspaceId: id, routing: flows.workspace(id)?.routingRevision ?? 0 }));
  const supposed = suppose(calls, { known, routing, isWary });
  const toFill = contactsToFill(calls);
  const held = toFill.length === 0 ? new Map() : await heldKinds(sql, toFill);
  const events = batch.flatMap(({ workspaceId, events: own }) => own.map((event) => ({ workspaceId, event })));
  const plan = makeEventPlan(events, resolveContacts(calls, held, newId), { flows, admissions, now: now() });
  const receipts = cut(batch, plan);
  const answers = batch.flatMap((request, index) => keepable(request, receipts[index]));
  const { owned, revisions } = supposed;
  const lanes = await writeEventPlan(sql, plan, { answers, flows, known: { owned, revisions }, now: now() });
  learn(known, supposed, plan.claims);
  admissions.askFor(plan.toLearn);
  news.add(lanes, plan.events.length);
  return receipts;
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
