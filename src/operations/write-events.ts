import { mergeProperties } from "../core/contact.ts";
import { AppError } from "../core/errors.ts";
import type { Admissions, EventOutcome } from "../core/flow/route.ts";
import type { JsonObject } from "../core/json.ts";
import type { AdmissionKey } from "../storage/admissions.ts";
import { type ContactRecord, lockContacts } from "../storage/contact-reads.ts";
import { type ContactPatch, type ContactRow, emptyPatch } from "../storage/contacts.ts";
import type { Queryable, Sql, Transaction } from "../storage/database.ts";
import type { EventRow } from "../storage/event-rows.ts";
import { type BesideEvents, type ChangedContact, insertEvents, isInLine, queueChanged } from "../storage/events.ts";
import { type KeptAnswer, keepAnswers } from "../storage/idempotency.ts";
import type { OwnedIdentity } from "../storage/identities.ts";
import { type MembershipRow, setMemberships } from "../storage/memberships.ts";
import { type ChangingEvent, isHeardChange, listsBefore, withChanges } from "./event-changes.ts";
import type { FlowCache } from "./flow-cache.ts";
import type { IncomingEvent, RecordedEvent } from "./incoming-event.ts";
import type { KnownAdmissions } from "./known-admissions.ts";
import { newIdInLane } from "./new-id.ts";
import { entriesToLearn, outcomesAtOnce, settledOutcome } from "./outcomes-at-once.ts";
import type { ContactRef, Resolution } from "./resolve-contacts.ts";

/** Somebody else took an identity (or, with `byRequest`, an idempotency key) between our look and our write: look again. */
export class Overtaken extends Error {
  readonly byRequest: boolean;

  constructor(byRequest: boolean) {
    super("Another writer was faster.");
    this.byRequest = byRequest;
  }
}

type PlannedEvent = { workspaceId: string; event: IncomingEvent };

/** All rows that a batch of events comes to. Nothing is written yet. */
export type EventPlan = {
  claims: OwnedIdentity[];
  contacts: ContactRow[];
  patches: ContactPatch[];
  memberships: MembershipRow[];
  events: EventRow[];
  /** Entries of contacts into flows that are worth knowing, see `KnownAdmissions`. */
  toLearn: AdmissionKey[];
  /** What each event did that is settled as it comes in. */
  settled: (EventOutcome[] | null)[];
  recorded: RecordedEvent[];
  /** Events whose changes somebody listens to. */
  changing: ChangingEvent[];
  /** Contacts that are new, or got an identity, where that is watched. */
  changed: ChangedContact[];
};

type PlanContext = { flows: FlowCache; admissions: Pick<KnownAdmissions, "of">; now: Date };

/** Turns a batch of events, whose contacts are resolved, into rows. */
export function makeEventPlan(
  batch: readonly PlannedEvent[],
  { refs, claims }: Resolution,
  context: PlanContext,
): EventPlan {
  const plan: EventPlan = {
    claims,
    contacts: [],
    patches: [],
    memberships: [],
    events: [],
    toLearn: [],
    settled: [],
    recorded: [],
    changing: [],
    changed: [],
  };
  const created = new Map<string, ContactRow>();
  const patched = new Map<string, ContactPatch>();
  const { flows, admissions, now } = context;
  // For each event: literals that name every field, for a spread costs more than all the rest (V8 makes a new shape for it each time).
  batch.forEach((planned, index) => {
    const ref = refs[index] as ContactRef;
    const isFirst = ref.isNew && !created.has(ref.id);
    if (ref.isNew) createContact(created, ref, { planned, now });
    else if (planned.event.properties) patch(patched, ref, { properties: planned.event.properties, now });
    addEvent(plan, planned, { ref, isFirst, flows, admissions, now });
  });
  for (const claim of claims) {
    fillIdentity(created, patched, { claim, now: context.now });
    if (context.flows.watches(claim.workspaceId)) plan.changed.push({ ...claim, lane: claim.contactLane });
  }
  plan.contacts = [...created.values()];
  plan.patches = [...patched.values()];
  return plan;
}

function addEvent(
  plan: EventPlan,
  { workspaceId, event }: PlannedEvent,
  context: PlanContext & { ref: ContactRef; isFirst: boolean },
): void {
  const { ref, isFirst, flows, admissions, now } = context;
  const queued = flows.hears(workspaceId, event.name);
  const id = newIdInLane(ref.lane);
  // Looked for when a flow asks: most take no notice of an event, whoever it is about.
  const entered: Admissions = { get: (key) => admissions.of(ref.id).get(key) };
  const arriving = { workspaceId, event, id, contact: ref, entered };
  const outcomes = queued ? outcomesAtOnce(flows, arriving, now) : null;
  plan.settled.push(outcomes);
  if (queued && outcomes === null) plan.toLearn.push(...entriesToLearn(flows, arriving, now));
  if (isHeardChange(flows, workspaceId, event)) {
    const { properties = {}, joinList: list = null } = event;
    plan.changing.push({ at: plan.events.length, workspaceId, contact: ref, properties, list });
  }
  plan.events.push({
    lane: ref.lane,
    contactId: ref.id,
    id,
    workspaceId,
    name: event.name,
    payload: event.payload,
    occurredAt: event.occurredAt ?? now,
    acceptedAt: now,
    source: event.source,
    client: event.client,
    targetFlowId: event.target?.flowId ?? null,
    targetEntry: event.target?.entry ?? null,
    queued,
    settled: outcomes?.map(settledOutcome) ?? null,
  });
  plan.recorded.push({ eventId: id, contactId: ref.id, contactCreated: isFirst, listened: queued });
  if (!event.joinList) return;
  plan.memberships.push({
    lane: ref.lane,
    contactId: ref.id,
    listId: event.joinList,
    workspaceId,
    state: "subscribed",
    at: now,
  });
}

function createContact(
  created: Map<string, ContactRow>,
  ref: ContactRef,
  { planned: { workspaceId, event }, now }: { planned: PlannedEvent; now: Date },
): void {
  const row = created.get(ref.id) ?? emptyContact(ref, workspaceId, now);
  if (event.properties) row.properties = mergeProperties(row.properties, event.properties);
  created.set(ref.id, row);
}

function emptyContact(ref: ContactRef, workspaceId: string, now: Date): ContactRow {
  return {
    lane: ref.lane,
    id: ref.id,
    workspaceId,
    externalId: null,
    email: null,
    phone: null,
    properties: {},
    tags: [],
    timeZone: null,
    locale: null,
    createdAt: now,
  };
}

/** Lays properties over what is to be changed of the contact already. One given as null is removed. */
function patch(
  patched: Map<string, ContactPatch>,
  ref: { id: string; lane: number },
  { properties, now }: { properties: JsonObject; now: Date },
): ContactPatch {
  const row = patched.get(ref.id) ?? emptyPatch(ref, now);
  const names = Object.keys(properties);
  const unset = names.filter((name) => properties[name] === null);
  row.properties = mergeProperties(row.properties, properties);
  if (unset.length + row.unset.length > 0)
    row.unset = [...new Set([...row.unset.filter((name) => !names.includes(name)), ...unset])];
  patched.set(ref.id, row);
  return row;
}

function fillIdentity(
  created: Map<string, ContactRow>,
  patched: Map<string, ContactPatch>,
  { claim, now }: { claim: OwnedIdentity; now: Date },
): void {
  const row = created.get(claim.contactId);
  if (row) {
    row[claim.kind] = claim.value;
    return;
  }
  const contact = { id: claim.contactId, lane: claim.contactLane };
  const fill = patched.get(contact.id) ?? patch(patched, contact, { properties: {}, now });
  fill[claim.kind] = claim.value;
}

type WriteContext = {
  answers: readonly KeptAnswer[];
  flows: FlowCache;
  known: Required<Pick<BesideEvents, "owned" | "revisions">>;
  now: Date;
};

/**
 * Writes a plan in one commit, and returns the lane of everything that is then in line. Throws Overtaken or a conflict of the database,
 * with nothing written, when another writer was faster or what was `known` is no longer so.
 */
export async function writeEventPlan(sql: Sql, plan: EventPlan, context: WriteContext): Promise<number[]> {
  const fills = fillsOf(plan);
  const { memberships, changing, changed } = plan;
  const beside = [fills, memberships, changing, changed, context.answers].some(({ length }) => length > 0);
  if (beside) return sql.begin((transaction) => writeAll(transaction, { plan, fills }, context));
  // The usual case: one statement, and no round trips for a transaction around it.
  await writeRows(sql, plan, context);
  return plan.events.filter(isInLine).map(({ lane }) => lane);
}

/** The claims for contacts that are there already. */
function fillsOf({ claims, contacts }: EventPlan): OwnedIdentity[] {
  if (claims.length === 0) return [];
  const isNew = new Set(contacts.map(({ id }) => id));
  return claims.filter(({ contactId }) => !isNew.has(contactId));
}

type Rows = Pick<EventPlan, "contacts" | "claims" | "patches"> & { events: readonly EventRow[] };

function writeRows(sql: Queryable, rows: Rows, { known }: WriteContext): Promise<void> {
  const { events, contacts, claims, patches } = rows;
  const { owned, revisions } = known;
  return insertEvents(sql, events, { contacts, claims, patches, owned, revisions });
}

async function writeAll(
  sql: Transaction,
  { plan, fills }: { plan: EventPlan; fills: OwnedIdentity[] },
  context: WriteContext,
): Promise<number[]> {
  const held = await holdContacts(sql, plan, fills);
  const { events, changed } = await tell(sql, plan, { ...context, held });
  const { answers, now } = context;
  const [kept] = await Promise.all([
    answers.length === 0 ? 0 : keepAnswers(sql, answers, now),
    writeRows(sql, { ...plan, events }, context),
    plan.memberships.length === 0 ? null : setMemberships(sql, plan.memberships),
    // Behind the events.
    queueChanged(sql, changed),
  ]);
  if (kept < answers.length) throw new Overtaken(true);
  return [...events.filter(isInLine), ...changed].map(({ lane }) => lane);
}

type Held = ReadonlyMap<string, ContactRecord>;

/** The events with those that their changes come to, and the contacts to be looked at again, each once. */
async function tell(
  sql: Transaction,
  { events, changing, changed: surely }: EventPlan,
  { flows, now, held }: WriteContext & { held: Held },
): Promise<{ events: readonly EventRow[]; changed: ChangedContact[] }> {
  const lists = await listsBefore(sql, changing);
  const before = new Map([...held].map(([id, row]) => [id, { ...row, lists: lists.get(id) ?? {} }]));
  const told = changing.length === 0 ? { events, changed: [] } : withChanges(events, changing, { before, flows, now });
  const changed = new Map([...surely, ...told.changed].map((contact) => [contact.contactId, contact]));
  return { events: told.events, changed: [...changed.values()] };
}

/**
 * An event fills identities that a known contact lacks; it never replaces one that the contact has. The contacts stay locked, so that
 * nobody else changes what they own, or what is told of their change, before the commit. Locked before any identity is claimed, also one
 * for a new contact, and in one order: whoever waits for an identity then waits for somebody who waits for no contact. See
 * `holdForContacts` for the other writer.
 */
async function holdContacts(sql: Transaction, plan: EventPlan, fills: readonly OwnedIdentity[]): Promise<Held> {
  if (fills.length + plan.changing.length === 0) return new Map();
  const filled = fills.map((claim) => ({ lane: claim.contactLane, id: claim.contactId }));
  const changing = plan.changing.flatMap(({ contact }) => (contact.isNew ? [] : [contact]));
  const keys = new Map([...filled, ...plan.patches, ...changing].map(({ lane, id }) => [id, { lane, id }]));
  if (keys.size === 0) return new Map();
  const rows = new Map((await lockContacts(sql, [...keys.values()])).map((row) => [row.id, row]));
  // Deleted, or filled by somebody else, since they were resolved.
  if (fills.some(({ contactId, kind }) => rows.get(contactId)?.[kind] !== null)) throw new Overtaken(false);
  return rows;
}

/** What a caller is told when its contacts are being changed by others all the time. */
export function overtakenTooOften(cause: unknown): AppError {
  return new AppError("overloaded", "Others keep changing the same contacts; try again shortly.", {
    cause,
    retryAfterSeconds: 1,
  });
}
