import type { PendingQuery, Row } from "postgres";
import type { Json, JsonObject } from "../core/json.ts";
import { type ContactPatch, patchContacts } from "./contacts.ts";
import type { Queryable } from "./database.ts";
import { located, recordset } from "./rows.ts";

export type EventRow = {
  lane: number;
  contactId: string;
  id: string;
  workspaceId: string;
  name: string;
  payload: JsonObject;
  occurredAt: Date;
  acceptedAt: Date;
  source: string;
  client: Json;
  targetFlowId: string | null;
  targetEntry: string | null;
  queued: boolean;
};

/**
 * Writes events, and puts those with `queued` in line for the flows, in the order of the array; and lays patches over contacts. One
 * statement, one commit.
 */
export async function insertEvents(
  sql: Queryable,
  events: readonly EventRow[],
  patches: readonly ContactPatch[] = [],
): Promise<void> {
  await sql`
    with ${patches.length === 0 ? sql`` : sql`patched as (${patchContacts(sql, patches)}),`}
    incoming as (
      select * from ${recordset(sql, events, 'lane smallint, "contactId" uuid, id uuid, "workspaceId" uuid, name text, payload jsonb, "occurredAt" timestamptz, "acceptedAt" timestamptz, source text, client jsonb, "targetFlowId" uuid, "targetEntry" text, queued boolean')} as e
    ), stored as (
      insert into event (lane, contact_id, id, workspace_id, name, payload, occurred_at, accepted_at, source, client, target_flow_id, target_entry, queued)
      select lane, "contactId", id, "workspaceId", name, payload, "occurredAt", "acceptedAt", source, client, "targetFlowId", "targetEntry", queued
        from incoming
    )
    insert into event_queue (lane, contact_id, event_id)
    select lane, "contactId", id from incoming where queued`;
}

export type QueuedEvent = {
  lane: number;
  seq: number;
  contactId: string;
  eventId: string;
  workspaceId: string;
  name: string;
  payload: JsonObject;
  acceptedAt: Date;
  targetFlowId: string | null;
  targetEntry: string | null;
};

/** The oldest events in line in each of these lanes, at most `perLane` each. The caller holds the lanes. */
export async function takeQueuedEvents(
  sql: Queryable,
  lanes: readonly number[],
  perLane: number,
): Promise<QueuedEvent[]> {
  return sql<QueuedEvent[]>`
    select q.lane, q.seq, q.contact_id as "contactId", q.event_id as "eventId", e.workspace_id as "workspaceId", e.name, e.payload,
           e.accepted_at as "acceptedAt", e.target_flow_id as "targetFlowId", e.target_entry as "targetEntry"
      from unnest(${[...lanes]}::smallint[]) as held(lane)
     cross join lateral (select * from event_queue where event_queue.lane = held.lane order by seq limit ${perLane}) q
      join event e on e.lane = q.lane and e.contact_id = q.contact_id and e.id = q.event_id
     order by q.lane, q.seq`;
}

/** Takes events out of the line: the flows have met them. */
export function removeQueuedEvents(
  sql: Queryable,
  events: readonly { lane: number; seq: number }[],
): PendingQuery<Row[]> {
  return sql`
    delete from event_queue q
     using ${located(sql, {
       table: "event_queue",
       rows: events,
       shape: "lane smallint, seq bigint",
       match: "event_queue.lane = k.lane and event_queue.seq = k.seq",
     })} as k
     where q.ctid = k.place`;
}
