import { laneOf } from "../core/id.ts";
import type { Json } from "../core/json.ts";
import type { Queryable } from "./database.ts";
import type { EventRow } from "./event-rows.ts";

function eventColumns(sql: Queryable) {
  return sql`e.lane, e.contact_id as "contactId", e.id, e.workspace_id as "workspaceId", e.name, e.payload, e.occurred_at as "occurredAt",
    e.accepted_at as "acceptedAt", e.source, e.client, e.target_flow_id as "targetFlowId", e.target_entry as "targetEntry", e.queued`;
}

export async function findEvent(
  sql: Queryable,
  { workspaceId, id }: { workspaceId: string; id: string },
): Promise<EventRow | undefined> {
  const [row] = await sql<
    EventRow[]
  >`select ${eventColumns(sql)} from event e where e.workspace_id = ${workspaceId} and e.id = ${id}`;
  return row;
}

export type EventFilter = {
  workspaceId: string;
  names: readonly string[] | null;
  contactId: string | null;
  since: Date | null;
  until: Date | null;
  before: string | null;
  limit: number;
};

/** A page of the events that fit all of the filter, newest first. `since` is included, `until` is not; both are of acceptance. */
export async function listEventRows(sql: Queryable, filter: EventFilter): Promise<EventRow[]> {
  const { workspaceId, names, contactId, since, until, before, limit } = filter;
  return sql<EventRow[]>`
    select ${eventColumns(sql)} from event e
     where e.workspace_id = ${workspaceId}
       ${contactId === null ? sql`` : sql`and e.lane = ${laneOf(contactId)} and e.contact_id = ${contactId}`}
       ${names === null ? sql`` : sql`and e.name = any(${[...names]})`}
       ${since === null ? sql`` : sql`and e.accepted_at >= ${since}`}
       ${until === null ? sql`` : sql`and e.accepted_at < ${until}`}
       ${before === null ? sql`` : sql`and e.id < ${before}`}
     order by e.id desc limit ${limit}`;
}

export type StoredOutcome = {
  eventId: string;
  flowId: string;
  version: number;
  entry: string | null;
  outcome: "started" | "not_started" | "exited";
  reason: string | null;
  detail: Json;
  runId: string | null;
  at: Date;
};

/** What these events of one contact did to flows, in the order of events. */
export async function loadOutcomes(
  sql: Queryable,
  { contactId, eventIds }: { contactId: string; eventIds: readonly string[] },
): Promise<StoredOutcome[]> {
  return sql<StoredOutcome[]>`
    select o.event_id as "eventId", o.flow_id as "flowId", o.version, o.entry, o.outcome, o.reason, o.detail, o.run_id as "runId", o.at
      from (
        select event_id, flow_id, version, entry, outcome, reason, detail, run_id, at, ordinal
          from event_outcome
         where lane = ${laneOf(contactId)} and contact_id = ${contactId} and event_id = any(${[...eventIds]}::uuid[])
         union all
        select e.id, s.flow_id, s.version, s.entry, 'not_started', s.reason, s.detail, null, e.accepted_at, s.ordinal
          from event e
         cross join lateral rows from (
           json_to_recordset(e.settled) as ("flowId" uuid, version integer, entry text, reason text, detail jsonb)
         ) with ordinality as s(flow_id, version, entry, reason, detail, ordinal)
         where e.lane = ${laneOf(contactId)} and e.contact_id = ${contactId} and e.id = any(${[...eventIds]}::uuid[]) and e.settled is not null
      ) as o
     order by o.event_id, o.ordinal`;
}

/** Those of these events that still wait in line to meet the flows. */
export async function findPending(
  sql: Queryable,
  { contactId, eventIds }: { contactId: string; eventIds: readonly string[] },
): Promise<Set<string>> {
  const rows = await sql<{ eventId: string }[]>`
    select event_id as "eventId" from event_queue where lane = ${laneOf(contactId)} and event_id = any(${[...eventIds]}::uuid[])`;
  return new Set(rows.map(({ eventId }) => eventId));
}
