import { type Contact, identityKinds } from "../core/contact.ts";
import { type Changeable, changeOccurrences, isChanged } from "../core/flow/change-occurrences.ts";
import type { ContactKey } from "../storage/contacts.ts";
import type { Transaction } from "../storage/database.ts";
import type { EventRow } from "../storage/event-rows.ts";
import { insertEvents, queueChanged } from "../storage/events.ts";
import { loadMemberships } from "../storage/memberships.ts";
import type { FlowCache } from "./flow-cache.ts";
import { newIdInLane } from "./new-id.ts";

/** One write to a contact, as it was and as it is. `set` are the properties that the write named. */
export type ContactWrite = {
  contact: Pick<Contact, "id" | "lane" | "workspaceId">;
  before: Changeable;
  after: Changeable;
  set?: readonly string[];
};

type Settings = Omit<Contact, "id" | "lane" | "workspaceId" | "createdAt">;

/** The events of a write that some flow listens to, as rows. */
export function changeEvents(
  flows: FlowCache,
  { contact: { id, lane, workspaceId }, before, after, set = [] }: ContactWrite,
  now: Date,
): EventRow[] {
  const hears = (name: string) => flows.hears(workspaceId, name);
  const none = { client: null, targetFlowId: null, targetEntry: null };
  return changeOccurrences(before, after, { hears, set }).map(({ name, payload }) => ({
    ...{ lane, contactId: id, id: newIdInLane(lane), workspaceId, name, payload },
    ...{ occurredAt: now, acceptedAt: now, source: "change", queued: true, ...none },
  }));
}

type Telling = ContactWrite & { before: Settings; after: Settings };

/**
 * Puts in line what a write to one contact means to flows, in the transaction of the write and only where somebody listens. Returns the
 * lanes that have work once it is committed.
 */
export async function tellChanges(
  sql: Transaction,
  write: Telling,
  context: { flows: FlowCache; now: Date },
): Promise<number[]> {
  return tellAllChanges(sql, [write], context);
}

/** The same for writes to many contacts of one workspace, one after the other. */
export async function tellAllChanges(
  sql: Transaction,
  writes: readonly Telling[],
  { flows, now }: { flows: FlowCache; now: Date },
): Promise<number[]> {
  const workspaceId = writes[0]?.contact.workspaceId;
  if (workspaceId === undefined || !(flows.hearsChanges(workspaceId).any || flows.watches(workspaceId))) return [];
  const events = writes.flatMap((write) => changeEvents(flows, write, now));
  const others = flows.watches(workspaceId) ? writes.filter(isOther) : [];
  const changed = new Map(others.map(({ contact: { id, lane } }) => [id, { lane, contactId: id, workspaceId }]));
  if (events.length > 0) await insertEvents(sql, events);
  await queueChanged(sql, [...changed.values()]);
  return [...new Set([...events, ...changed.values()].map(({ lane }) => lane))];
}

/** The lists of a contact with its state in each. */
export async function listsOf(sql: Transaction, { lane, id }: ContactKey): Promise<Contact["lists"]> {
  return Object.fromEntries((await loadMemberships(sql, [{ lane, id }])).map(({ listId, state }) => [listId, state]));
}

function isOther({ before, after }: Telling): boolean {
  const settings = [...identityKinds, "timeZone", "locale"] as const;
  return settings.some((field) => before[field] !== after[field]) || isChanged(before, after);
}
