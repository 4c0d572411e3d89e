import type { RunStatus } from "../core/flow/run.ts";
import { laneOf } from "../core/id.ts";
import type { JsonObject } from "../core/json.ts";
import type { Queryable, Transaction } from "./database.ts";
import { jsonOf, recordset } from "./rows.ts";

/** What is shown of the flow of a start. `isHeld`: its runs stand still. */
type FlowFacts = { flowName: string; isHeld: boolean };

/** A start of a flow for contacts that a caller named. */
export type StartListRow = {
  id: string;
  workspaceId: string;
  flowId: string;
  entry: string;
  variables: JsonObject;
  endsOthers: boolean;
  contacts: number;
  createdBy: string | null;
  createdAt: Date;
};

export type StartListContactRow = {
  lane: number;
  eventId: string;
  contactId: string;
  startListId: string;
  workspaceId: string;
  flowId: string;
};

function columns(sql: Queryable) {
  return sql`s.id, s.workspace_id as "workspaceId", s.flow_id as "flowId", s.entry, s.variables, s.ends_others as "endsOthers", s.contacts,
    s.created_by as "createdBy", s.created_at as "createdAt", f.name as "flowName", f.is_held as "isHeld"`;
}

/** Writes a start with its contacts. */
export async function insertStartList(
  sql: Transaction,
  row: StartListRow,
  contacts: readonly StartListContactRow[],
): Promise<void> {
  await sql`
    insert into start_list (id, workspace_id, flow_id, entry, variables, ends_others, contacts, created_by, created_at)
    values (${row.id}, ${row.workspaceId}, ${row.flowId}, ${row.entry}, ${jsonOf(row.variables)}::text::jsonb, ${row.endsOthers},
            ${row.contacts}, ${row.createdBy}, ${row.createdAt})`;
  await sql`
    insert into start_list_contact (lane, event_id, contact_id, start_list_id, workspace_id, flow_id)
    select lane, "eventId", "contactId", "startListId", "workspaceId", "flowId"
      from ${recordset(sql, contacts, 'lane smallint, "eventId" uuid, "contactId" uuid, "startListId" uuid, "workspaceId" uuid, "flowId" uuid')} as c`;
}

export async function findStartList(
  sql: Queryable,
  { workspaceId, id }: { workspaceId: string; id: string },
): Promise<(StartListRow & FlowFacts) | undefined> {
  const [row] = await sql<(StartListRow & FlowFacts)[]>`
    select ${columns(sql)} from start_list s join flow f on f.id = s.flow_id where s.workspace_id = ${workspaceId} and s.id = ${id}`;
  return row;
}

type ListFilter = { workspaceId: string; flowId: string | null };
export type NumberedPage = { offset: number; limit: number };

/** A page of the starts, newest first, and how many there are. */
export async function pageStartLists(
  sql: Queryable,
  { workspaceId, flowId }: ListFilter,
  { offset, limit }: NumberedPage,
): Promise<{ count: number; rows: (StartListRow & FlowFacts)[] }> {
  const where = sql`s.workspace_id = ${workspaceId} and (${flowId}::uuid is null or s.flow_id = ${flowId}::uuid)`;
  const [[counted], rows] = await Promise.all([
    sql<[{ count: number }]>`select count(*) as count from start_list s where ${where}`,
    sql<(StartListRow & FlowFacts)[]>`
      select ${columns(sql)} from start_list s join flow f on f.id = s.flow_id where ${where} order by s.id desc offset ${offset} limit ${limit}`,
  ]);
  return { count: counted.count, rows };
}

/** What became of the contact of a start: `outcome` is null until a pass has met its event, `run` is null where none began. */
export type StartedContact = FlowFacts & {
  eventId: string;
  contactId: string;
  startListId: string;
  flowId: string;
  outcome: "started" | "not_started" | null;
  outcomeReason: string | null;
  runId: string | null;
  runStatus: RunStatus | null;
  runReason: string | null;
  version: number | null;
  createdAt: Date;
  endedAt: Date | null;
};

/** The contacts of starts with what became of each. */
function started(sql: Queryable) {
  return sql`
    start_list_contact k
      left join lateral (
        select o.outcome, o.reason, o.run_id, o.version from event_outcome o
         where o.lane = k.lane and o.contact_id = k.contact_id and o.event_id = k.event_id and o.outcome <> 'exited'
         order by o.ordinal limit 1
      ) o on true
      left join run r on r.lane = k.lane and r.id = o.run_id
      join start_list s on s.id = k.start_list_id
      join flow f on f.id = s.flow_id`;
}

/** How many contacts of each start are in which state: `queued` (nothing met them yet), `refused`, or the status of their run. */
export async function countStarted(sql: Queryable, ids: readonly string[]) {
  return sql<{ id: string; state: string; count: number; ms: number | null }[]>`
    select k.start_list_id as id, case when r.reason = 'overdue_dropped' then 'expired'
                else coalesce(r.status, case o.outcome when 'not_started' then 'refused' else 'queued' end) end as state,
           count(*) as count,
           (sum(extract(epoch from r.ended_at - s.created_at)) filter (where r.status = 'completed') * 1000)::float8 as ms
      from ${started(sql)}
     where k.start_list_id = any(${[...ids]}::uuid[])
     group by 1, 2`;
}

export type StartedFilter = {
  workspaceId: string;
  eventId: string | null;
  startListId: string | null;
  contactId: string | null;
  flowId: string | null;
  isActive: boolean | null;
};

/** A page of the contacts of starts, newest first, and how many there are. */
export async function pageStarted(
  sql: Queryable,
  filter: StartedFilter,
  { offset, limit }: NumberedPage,
): Promise<{ count: number; rows: StartedContact[] }> {
  const { eventId, startListId, contactId, flowId, isActive } = filter;
  const active = sql`o.outcome is distinct from 'not_started' and (o.run_id is null or (r.id is not null and r.ended_at is null))`;
  const where = sql`k.workspace_id = ${filter.workspaceId}
    ${eventId === null ? sql`` : sql`and k.lane = ${laneOf(eventId)} and k.event_id = ${eventId}`}
    ${startListId === null ? sql`` : sql`and k.start_list_id = ${startListId}`}
    ${contactId === null ? sql`` : sql`and k.lane = ${laneOf(contactId)} and k.contact_id = ${contactId}`}
    ${flowId === null ? sql`` : sql`and k.flow_id = ${flowId}`}
    ${isActive === null ? sql`` : sql`and (${active}) = ${isActive}`}`;
  const counted = isActive === null ? sql`start_list_contact k` : started(sql);
  const [[total], rows] = await Promise.all([
    sql<[{ count: number }]>`select count(*) as count from ${counted} where ${where}`,
    sql<StartedContact[]>`
      select k.event_id as "eventId", k.contact_id as "contactId", k.start_list_id as "startListId", k.flow_id as "flowId", o.outcome,
             o.reason as "outcomeReason", o.run_id as "runId", r.status as "runStatus", r.reason as "runReason", o.version,
             s.created_at as "createdAt", r.ended_at as "endedAt", f.name as "flowName", f.is_held as "isHeld"
        from ${started(sql)}
       where ${where} order by k.event_id desc offset ${offset} limit ${limit}`,
  ]);
  return { count: total.count, rows };
}

/** Forgets the starts older than `before`; what they started goes on. */
export async function removeOldStartLists(sql: Queryable, before: Date): Promise<void> {
  await sql`
    with old as (delete from start_list where created_at < ${before} returning id)
    delete from start_list_contact k using old where k.start_list_id = old.id`;
}
