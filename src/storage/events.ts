import type { PendingQuery, Row } from "postgres";
import { type Priority, priorities } from "../core/flow/priority.ts";
import type { JsonObject } from "../core/json.ts";
import {
  type ContactPatch,
  type ContactRow,
  contactShape,
  insertContacts,
  patchContacts,
  patchesText,
} from "./contacts.ts";
import type { Queryable } from "./database.ts";
import { type EventRow, type EventTexts, eventTexts, eventValues, incomingEvents } from "./event-rows.ts";
import { flatStatement } from "./flat-statement.ts";
import { claimIdentities, claimsText, countOwned, type OwnedIdentity, ownedShape } from "./identities.ts";
import { located, partsOf, recordset, rowsText } from "./rows.ts";
import { countRevisions, type RevisionRow, revisionShape } from "./workspaces.ts";

type Fragment = PendingQuery<Row[]>;

/** What is written together with events, and what has to be true for it. */
export type BesideEvents = {
  /** New contacts, whose identities are among the claims. */
  contacts?: readonly ContactRow[];
  /** Identities that go to contacts; nobody may have them yet. */
  claims?: readonly OwnedIdentity[];
  patches?: readonly ContactPatch[];
  /** Who owned which identity when we looked, where no identity revision vouches for it. */
  owned?: readonly OwnedIdentity[];
  /** The revisions by which `queued` was decided, and as of which the other owners were known. */
  revisions?: readonly RevisionRow[];
};

/** Whether the flows are still to meet an event. */
export function isInLine({ queued, settled = null }: Pick<EventRow, "queued" | "settled">): boolean {
  return queued && settled === null;
}

/**
 * Writes events, and puts those with `queued` that are not `settled` in line for the flows, in the order of the array; and what goes with
 * them. One statement, one commit. Throws a conflict (see `isConflict`), with nothing written, when `claims`, `owned` or `revisions` are not
 * so, or no longer.
 */
export async function insertEvents(
  sql: Queryable,
  events: readonly EventRow[],
  beside: BesideEvents = {},
): Promise<void> {
  const texts = textsOf(events, beside);
  const parts = Object.entries(texts).map(([name, text]) => (text === null ? "" : name));
  const shape = `events ${parts} ${texts.events.shared === null ? "" : "shared"}`;
  await flatStatement(sql, shape, { parts: () => eventStatement(sql, texts), values: valuesOf(texts) });
}

/** The rows of each part as text, with how many they are; null where there are none. */
type Texts = Record<
  "patches" | "claims" | "contacts" | "owned" | "revisions",
  { rows: string; count: number } | null
> & {
  events: EventTexts;
};

function textsOf(
  events: readonly EventRow[],
  { patches = [], claims = [], contacts = [], owned = [], revisions = [] }: BesideEvents,
): Texts {
  return {
    patches: patches.length === 0 ? null : { rows: patchesText(patches), count: patches.length },
    claims: claims.length === 0 ? null : { rows: claimsText(claims), count: claims.length },
    contacts: contacts.length === 0 ? null : { rows: rowsText(contacts, contactShape), count: contacts.length },
    events: eventTexts(events),
    owned: owned.length === 0 ? null : { rows: rowsText(owned, ownedShape), count: owned.length },
    revisions: revisions.length === 0 ? null : { rows: rowsText(revisions, revisionShape), count: revisions.length },
  };
}

/** The parameters of `eventStatement`, in their order. */
function valuesOf({ patches, claims, contacts, events, owned, revisions }: Texts): unknown[] {
  const checked = [owned, revisions].flatMap((part) => (part ? [part.rows, part.count] : []));
  const before = [patches, claims, contacts].flatMap((part) => (part ? [part.rows] : []));
  return [...before, ...eventValues(events), events.client, ...(claims ? [claims.count] : []), ...checked];
}

function eventStatement(sql: Queryable, texts: Texts): Fragment {
  return sql`
    with ${besideParts(sql, texts)}
    incoming as (${incomingEvents(sql, texts.events)}), stored as (
      insert into event (lane, contact_id, id, workspace_id, name, payload, occurred_at, accepted_at, source, client, target_flow_id, target_entry, queued, settled, depth, priority)
      select lane, "contactId", id, "workspaceId", name, payload, coalesce("occurredAt", "acceptedAt"), "acceptedAt", source,
             coalesce(client::jsonb, (select ${texts.events.client}::text::jsonb)), "targetFlowId", "targetEntry", queued, settled, coalesce(depth, 0), coalesce(priority, 1)
        from incoming
    )
    insert into event_queue (lane, contact_id, event_id, priority)
    select lane, "contactId", id, coalesce(priority, 1) from incoming where queued and settled is null ${requirement(sql, texts)}`;
}

function besideParts(sql: Queryable, { patches, claims, contacts }: Texts): Fragment {
  const patched = patches === null ? sql`` : sql`patched as (${patchContacts(sql, patches.rows)} returning 1),`;
  const created = contacts === null ? sql`` : sql`created as (${insertContacts(sql, contacts.rows)}),`;
  // Contacts are locked before identities, as everywhere: so no two writers wait for each other.
  const isAfter = patches === null ? sql`` : sql`where (select count(*) from patched) >= 0`;
  const claimed = claims === null ? sql`` : sql`claimed as (${claimIdentities(sql, claims.rows, isAfter)}),`;
  return sql`${patched} ${claimed} ${created}`;
}

/** Comes out true once, before the first row, or ends the statement. */
function requirement(sql: Queryable, { claims, owned, revisions }: Texts): Fragment {
  if (claims === null && owned === null && revisions === null) return sql``;
  const isFree = claims === null ? sql`` : sql`and (select count(*) from claimed) = ${claims.count}::int`;
  const isOwned = owned === null ? sql`` : sql`and (${countOwned(sql, owned.rows)}) = ${owned.count}::int`;
  const isRouted =
    revisions === null ? sql`` : sql`and (${countRevisions(sql, revisions.rows)}) = ${revisions.count}::int`;
  return sql`and (select staffetta_require(true ${isFree} ${isOwned} ${isRouted}))`;
}

/** `depth`: how many flows in a row led to the change without a pause. */
export type ChangedContact = { lane: number; contactId: string; workspaceId: string; depth?: number };

/** Puts contacts that were changed in line, behind their events, to be looked at again. In the transaction of the change. */
export async function queueChanged(
  sql: Queryable,
  contacts: readonly ChangedContact[],
  priority: Priority = priorities.normal,
): Promise<void> {
  if (contacts.length === 0) return;
  await sql`
    insert into event_queue (lane, contact_id, workspace_id, priority, depth)
    select lane, "contactId", "workspaceId", ${priority}, coalesce(depth, 0)
      from ${recordset(sql, contacts, 'lane smallint, "contactId" uuid, "workspaceId" uuid, depth smallint')} as c`;
}

export type QueuedEvent = {
  lane: number;
  priority: Priority;
  seq: number;
  contactId: string;
  workspaceId: string;
  eventId: string;
  name: string;
  payload: JsonObject;
  acceptedAt: Date;
  targetFlowId: string | null;
  targetEntry: string | null;
  depth: number;
};

/** What is in line: an event, or (with a null `eventId`) a contact that has changed. */
export type Queued =
  | QueuedEvent
  | (Pick<QueuedEvent, "lane" | "priority" | "seq" | "contactId" | "workspaceId" | "depth"> & {
      eventId: null;
      acceptedAt: null;
    });

/**
 * What is first in line in each of these lanes, at most `perLane` each: by priority, then the oldest. Of each priority some are taken, so
 * that no flood of urgent ones stops the others for good; of the lowest no more than those. The caller holds the lanes.
 */
export async function takeQueuedEvents(sql: Queryable, lanes: readonly number[], perLane: number): Promise<Queued[]> {
  return sql<Queued[]>`
    select q.lane, q.priority, q.seq, q.contact_id as "contactId", q.event_id as "eventId",
           coalesce(e.workspace_id, q.workspace_id) as "workspaceId", e.name, e.payload, coalesce(e.depth, q.depth) as depth, e.accepted_at as "acceptedAt", 
           e.target_flow_id as "targetFlowId", e.target_entry as "targetEntry"
      from unnest(${[...lanes]}::smallint[]) as held(lane)
     cross join lateral (
       select d.*
         from ${partsOf(sql, perLane)}
        cross join lateral (
          select event_queue.*, row_number() over (order by event_queue.seq) <= p.sure as is_sure
            from event_queue
           where event_queue.lane = held.lane and event_queue.priority = p.priority
           order by event_queue.seq limit p.most
        ) d
        order by d.is_sure desc, d.priority, d.seq limit ${perLane}
     ) q
      left join event e on e.lane = q.lane and e.contact_id = q.contact_id and e.id = q.event_id
     order by q.lane, q.priority, q.seq`;
}

/** Takes out of the line what the flows have met. */
export function removeQueuedEvents(
  sql: Queryable,
  events: readonly { lane: number; priority: number; seq: number }[],
): PendingQuery<Row[]> {
  return sql`
    delete from event_queue q
     using ${located(sql, {
       table: "event_queue",
       rows: events,
       shape: "lane smallint, priority smallint, seq bigint",
       match: "event_queue.lane = k.lane and event_queue.priority = k.priority and event_queue.seq = k.seq",
     })} as k
     where q.ctid = k.place`;
}
