import { type Contact, mergeProperties } from "../core/contact.ts";
import { type Changeable, isChanged } from "../core/flow/change-occurrences.ts";
import { occurrenceName } from "../core/flow/occurrence-names.ts";
import type { JsonObject } from "../core/json.ts";
import type { ContactKey } from "../storage/contacts.ts";
import type { Transaction } from "../storage/database.ts";
import type { EventRow } from "../storage/event-rows.ts";
import type { ChangedContact } from "../storage/events.ts";
import { loadMemberships } from "../storage/memberships.ts";
import type { FlowCache } from "./flow-cache.ts";
import type { IncomingEvent } from "./incoming-event.ts";
import type { ContactRef } from "./resolve-contacts.ts";
import { changeEvents } from "./tell-changes.ts";

/** An event of a batch that brings a change of its contact which somebody listens to. `at` is its place among the events. */
export type ChangingEvent = {
  at: number;
  workspaceId: string;
  contact: ContactRef;
  properties: JsonObject;
  list: string | null;
};

/** Whether somebody listens to what the event changes of its contact. */
export function isHeardChange(
  flows: FlowCache,
  workspaceId: string,
  { properties, joinList }: Pick<IncomingEvent, "properties" | "joinList">,
): boolean {
  if (properties === undefined && joinList === undefined) return false;
  if (flows.watches(workspaceId)) return true;
  if (!flows.hearsChanges(workspaceId).any) return false;
  const hears = (name: string) => flows.hears(workspaceId, name);
  if (joinList !== undefined && hears(occurrenceName.listJoined(joinList))) return true;
  return Object.keys(properties ?? {}).some(
    (name) => hears(occurrenceName.property(name)) || hears(occurrenceName.propertySetAgain(name)),
  );
}

/** The lists of the contacts that join one, as they were. */
export async function listsBefore(
  sql: Transaction,
  changing: readonly ChangingEvent[],
): Promise<Map<string, Contact["lists"]>> {
  const joining = new Map<string, ContactKey>();
  for (const { contact, list } of changing) if (list !== null && !contact.isNew) joining.set(contact.id, contact);
  const lists = new Map<string, Contact["lists"]>();
  if (joining.size === 0) return lists;
  for (const { contactId, listId, state } of await loadMemberships(sql, [...joining.values()]))
    lists.set(contactId, { ...lists.get(contactId), [listId]: state });
  return lists;
}

type Known = {
  /** Contacts as they were, by id. Those that are neither here nor new are gone. */
  before: ReadonlyMap<string, Changeable>;
  flows: FlowCache;
  now: Date;
};

const nobody: Changeable = { properties: {}, tags: [], lists: {} };

/**
 * The events of a batch with what each changes behind it, and the contacts that are not what they were, where that is watched. Event by
 * event, so that it does not matter which events came in one batch.
 */
export function withChanges(
  events: readonly EventRow[],
  changing: readonly ChangingEvent[],
  { before, flows, now }: Known,
): { events: EventRow[]; changed: ChangedContact[] } {
  const told: EventRow[] = [];
  const changed = new Map<string, ChangedContact>();
  const states = new Map(before);
  const changes = new Map(changing.map((change) => [change.at, change]));
  events.forEach((event, at) => {
    told.push(event);
    const change = changes.get(at);
    if (!change) return;
    const { workspaceId } = change;
    const { id, lane, isNew } = change.contact;
    const old = states.get(id) ?? (isNew ? nobody : undefined);
    if (!old) return;
    const next = changeBy(old, change);
    states.set(id, next);
    const contact = { id, lane, workspaceId };
    told.push(...changeEvents(flows, { contact, before: old, after: next, set: Object.keys(change.properties) }, now));
    if (flows.watches(workspaceId) && isChanged(old, next)) changed.set(id, { lane, contactId: id, workspaceId });
  });
  return { events: told, changed: [...changed.values()] };
}

function changeBy({ properties, tags, lists }: Changeable, { properties: changes, list }: ChangingEvent): Changeable {
  return {
    properties: mergeProperties(properties, changes),
    tags,
    lists: list === null ? lists : { ...lists, [list]: "subscribed" },
  };
}
