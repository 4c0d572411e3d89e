import { mergeProperties } from "../core/contact.ts";
import { AppError } from "../core/errors.ts";
import { withLane } from "../core/id.ts";
import type { JsonObject } from "../core/json.ts";
import { lockContacts } from "../storage/contact-reads.ts";
import { type ContactPatch, type ContactRow, emptyPatch, insertContacts, patchContacts } from "../storage/contacts.ts";
import type { Sql, Transaction } from "../storage/database.ts";
import { type EventRow, insertEvents } from "../storage/events.ts";
import { type KeptAnswer, keepAnswers } from "../storage/idempotency.ts";
import { claimIdentities, type OwnedIdentity } from "../storage/identities.ts";
import { type MembershipRow, setMemberships } from "../storage/memberships.ts";
import type { FlowCache } from "./flow-cache.ts";
import type { IncomingEvent, RecordedEvent } from "./incoming-event.ts";
import { newId } from "./new-id.ts";
import type { ContactRef, Identity, Resolution } from "./resolve-contacts.ts";

/** Somebody else took an identity (or, with `byRequest`, an idempotency key) between our look and our write: look again. */
export class Overtaken extends Error {
  readonly byRequest: boolean;

  constructor(byRequest: boolean) {
    super("Another writer was faster.");
    this.byRequest = byRequest;
  }
}

type NamedEvent = { workspaceId: string; event: IncomingEvent; identity: Identity };

/** All rows that a batch of events comes to. Nothing is written yet. */
export type EventPlan = {
  claims: OwnedIdentity[];
  contacts: ContactRow[];
  patches: ContactPatch[];
  memberships: MembershipRow[];
  events: EventRow[];
  recorded: RecordedEvent[];
};

/** Turns a batch of events, whose contacts are resolved, into rows. */
export function makeEventPlan(
  batch: readonly NamedEvent[],
  { refs, claims }: Resolution,
  context: { flows: FlowCache; now: Date },
): EventPlan {
  const plan: EventPlan = { claims, contacts: [], patches: [], memberships: [], events: [], recorded: [] };
  const created = new Map<string, ContactRow>();
  const patched = new Map<string, ContactPatch>();
  batch.forEach((named, index) => {
    const ref = refs[index] as ContactRef;
    const isFirst = ref.isNew && !created.has(ref.id);
    if (ref.isNew) createContact(created, ref, { ...named, now: context.now });
    else if (named.event.properties) patch(patched, ref, { properties: named.event.properties, now: context.now });
    addEvent(plan, named, { ref, isFirst, ...context });
  });
  for (const claim of claims) fillIdentity(created, patched, { claim, now: context.now });
  plan.contacts = [...created.values()];
  plan.patches = [...patched.values()];
  return plan;
}

function addEvent(
  plan: EventPlan,
  { workspaceId, event }: NamedEvent,
  context: { ref: ContactRef; isFirst: boolean; flows: FlowCache; now: Date },
): void {
  const { ref, isFirst, flows, now } = context;
  const queued = flows.hears(workspaceId, event.name);
  const id = withLane(newId(), ref.lane);
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
  { workspaceId, event, now }: NamedEvent & { now: Date },
): void {
  const row = created.get(ref.id) ?? emptyContact(ref, workspaceId, now);
  created.set(ref.id, { ...row, properties: mergeProperties(row.properties, event.properties ?? {}) });
}

function emptyContact(ref: ContactRef, workspaceId: string, now: Date): ContactRow {
  const blank = { externalId: null, email: null, phone: null, properties: {}, tags: [], timeZone: null, locale: null };
  return { lane: ref.lane, id: ref.id, workspaceId, ...blank, createdAt: now };
}

/** A property given as null is removed. */
function splitProperties(properties: JsonObject): { set: JsonObject; unset: string[] } {
  const set = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
  return { set, unset: Object.keys(properties).filter((name) => properties[name] === null) };
}

function patch(
  patched: Map<string, ContactPatch>,
  ref: { id: string; lane: number },
  { properties, now }: { properties: JsonObject; now: Date },
): ContactPatch {
  const row = patched.get(ref.id) ?? emptyPatch(ref, now);
  const { set, unset } = splitProperties(properties);
  const kept = Object.entries(row.properties).filter(([name]) => !unset.includes(name));
  const next = {
    ...row,
    properties: { ...Object.fromEntries(kept), ...set },
    unset: [...new Set([...row.unset.filter((name) => !(name in set)), ...unset])],
  };
  patched.set(ref.id, next);
  return next;
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
  const fill =
    patched.get(claim.contactId) ??
    patch(patched, { id: claim.contactId, lane: claim.contactLane }, { properties: {}, now });
  patched.set(claim.contactId, { ...fill, [claim.kind]: claim.value });
}

type WriteContext = { answers: readonly KeptAnswer[]; now: Date };

/** Writes a plan in one commit. Throws Overtaken, with nothing written, when another writer was faster. */
export async function writeEventPlan(sql: Sql, plan: EventPlan, context: WriteContext): Promise<void> {
  // Nobody new, the usual case: one statement, and no round trips for a transaction around it.
  const isOneStatement = plan.claims.length + plan.memberships.length + context.answers.length === 0;
  if (isOneStatement) return insertEvents(sql, plan.events, plan.patches);
  await sql.begin((transaction) => writeAll(transaction, plan, context));
}

async function writeAll(sql: Transaction, plan: EventPlan, { answers, now }: WriteContext): Promise<void> {
  await holdContacts(sql, plan);
  const { claims, patches } = plan;
  if (claims.length > 0 && (await claimIdentities(sql, claims)).length < claims.length) throw new Overtaken(false);
  const writes: Promise<unknown>[] = [];
  if (plan.contacts.length > 0) writes.push(insertContacts(sql, plan.contacts));
  if (patches.length > 0) writes.push(patchContacts(sql, patches));
  if (plan.memberships.length > 0) writes.push(setMemberships(sql, plan.memberships));
  writes.push(insertEvents(sql, plan.events));
  const kept = answers.length === 0 ? 0 : keepAnswers(sql, answers, now);
  await Promise.all(writes);
  if ((await kept) < answers.length) throw new Overtaken(true);
}

/**
 * An event fills identities that a known contact lacks; it never replaces one that the contact has. The contacts stay locked, so that
 * nobody else changes what they own before the commit. Locked before any identity is claimed, also one for a new contact, and in one
 * order: whoever waits for an identity then waits for somebody who waits for no contact. See `moveIdentities` for the other writer.
 */
async function holdContacts(sql: Transaction, plan: EventPlan): Promise<void> {
  if (plan.claims.length === 0) return;
  const isNew = new Set(plan.contacts.map(({ id }) => id));
  const fills = plan.claims.filter((claim) => !isNew.has(claim.contactId));
  const keys = new Map(
    [...fills.map((claim) => ({ lane: claim.contactLane, id: claim.contactId })), ...plan.patches].map(
      ({ lane, id }) => [id, { lane, id }],
    ),
  );
  if (keys.size === 0) return;
  const rows = new Map((await lockContacts(sql, [...keys.values()])).map((row) => [row.id, row]));
  // Deleted, or filled by somebody else, since they were resolved.
  if (fills.some(({ contactId, kind }) => rows.get(contactId)?.[kind] !== null)) throw new Overtaken(false);
}

/** What a caller is told when its contacts are being changed by others all the time. */
export function overtakenTooOften(cause: unknown): AppError {
  return new AppError("overloaded", "Others keep changing the same contacts; try again shortly.", {
    cause,
    retryAfterSeconds: 1,
  });
}
