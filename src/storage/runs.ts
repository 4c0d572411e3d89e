import type { PendingQuery, Row } from "postgres";
import type { Run } from "../core/flow/run.ts";
import type { ContactKey } from "./contacts.ts";
import type { Queryable, Sql, Transaction } from "./database.ts";
import { located, partsOf, recordset } from "./rows.ts";

export type RunKey = { lane: number; id: string };

/** The columns of a run under the names of the type Run. A run that was put aside still says when it was due. */
export function runColumns(sql: Queryable | Sql | Transaction) {
  return sql`r.lane, r.id, r.workspace_id as "workspaceId", r.flow_id as "flowId", r.version, r.contact_id as "contactId", r.key, r.entry,
    r.status, r.step, r.visit, r.entered_at as "enteredAt", coalesce(r.wake_at, r.parked_wake_at) as "wakeAt", r.reason, r.event_id as "eventId",
    r.event_name as "eventName", r.event_at as "eventAt", r.event, r.vars, r.steps, r.started_at as "startedAt", r.ended_at as "endedAt", r.priority, r.depth`;
}

/**
 * The runs that are due in each of these lanes, at most `perLane` each: by priority, the longest due first. Of each priority some are
 * taken, so that no flood of urgent ones stops the others for good; of the lowest no more than those. The caller holds the lanes.
 */
export async function takeDueRuns(
  sql: Queryable,
  { lanes, now, perLane }: { lanes: readonly number[]; now: Date; perLane: number },
): Promise<Run[]> {
  // Lane by lane and priority by priority, so that the index gives each part in order: cost follows what is taken, not what waits.
  return sql<Run[]>`
    select ${runColumns(sql)}
      from unnest(${[...lanes]}::smallint[]) as held(lane)
     cross join lateral (
       select d.*
         from ${partsOf(sql, perLane)}
        cross join lateral (
          select run.*, row_number() over (order by run.wake_at) <= p.sure as is_sure
            from run
           where run.lane = held.lane and run.priority = p.priority and run.wake_at <= ${now}
           order by run.wake_at limit p.most
        ) d
        order by d.is_sure desc, d.priority, d.wake_at limit ${perLane}
     ) r`;
}

/** The live runs of these contacts. */
export async function loadLiveRuns(sql: Queryable, contacts: readonly ContactKey[]): Promise<Run[]> {
  // Lateral with `offset 0`: looked up contact by contact. As a plain join over a small partial index the planner reads all of it. And without
  // the lane, which the id of a contact has in it: so no index fits but the one of live runs.
  return sql<Run[]>`
    select ${runColumns(sql)}
      from ${recordset(sql, contacts, "id uuid")} as k
     cross join lateral (
       select * from run where run.contact_id = k.id and run.ended_at is null offset 0
     ) r`;
}

/** Runs by their keys. */
export async function loadRuns(sql: Queryable, keys: readonly RunKey[]): Promise<Run[]> {
  return sql<Run[]>`
    select ${runColumns(sql)}
      from ${recordset(sql, keys, "lane smallint, id uuid")} as k
      join run r on r.lane = k.lane and r.id = k.id`;
}

export function insertRuns(sql: Queryable, runs: readonly Run[]): PendingQuery<Row[]> {
  return sql`
    insert into run (lane, id, workspace_id, flow_id, version, contact_id, key, entry, status, step, visit, entered_at, wake_at, reason,
                     event_id, event_name, event_at, event, vars, steps, started_at, ended_at, priority, depth)
    select lane, id, "workspaceId", "flowId", version, "contactId", key, entry, status, step, visit, "enteredAt", "wakeAt", reason,
           "eventId", "eventName", "eventAt", event, vars, steps, "startedAt", "endedAt", priority, depth
      from ${recordset(sql, runs, 'lane smallint, id uuid, "workspaceId" uuid, "flowId" uuid, version integer, "contactId" uuid, key text, entry text, status text, step text, visit integer, "enteredAt" timestamptz, "wakeAt" timestamptz, reason text, "eventId" uuid, "eventName" text, "eventAt" timestamptz, event jsonb, vars jsonb, steps jsonb, "startedAt" timestamptz, "endedAt" timestamptz, priority smallint, depth smallint')} as r`;
}

/** Saves where runs stand. `vars` and `steps` are written only where `dataChanged`, for they can be large. */
export function updateRuns(sql: Queryable, runs: readonly { run: Run; dataChanged: boolean }[]): PendingQuery<Row[]> {
  const rows = runs.map(({ run, dataChanged }) => ({
    lane: run.lane,
    id: run.id,
    status: run.status,
    step: run.step,
    visit: run.visit,
    enteredAt: run.enteredAt,
    wakeAt: run.wakeAt,
    reason: run.reason,
    endedAt: run.endedAt,
    depth: run.depth,
    vars: dataChanged ? run.vars : null,
    steps: dataChanged ? run.steps : null,
  }));
  return sql`
    update run r
       set status = k.status, step = k.step, visit = k.visit, entered_at = k."enteredAt", wake_at = k."wakeAt", parked_wake_at = null,
           reason = k.reason, ended_at = k."endedAt", depth = k.depth, vars = coalesce(k.vars, r.vars), steps = coalesce(k.steps, r.steps)
      from ${located(sql, { table: "run", rows, shape: updateShape, match: "run.lane = k.lane and run.id = k.id" })} as k
     where r.ctid = k.place`;
}

const updateShape =
  'lane smallint, id uuid, status text, step text, visit integer, "enteredAt" timestamptz, "wakeAt" timestamptz, reason text, "endedAt" timestamptz, depth smallint, vars jsonb, steps jsonb';

/** The next instant at which a run is due in each of these lanes; lanes where nothing waits are left out. */
export async function nextWakes(sql: Queryable, lanes: readonly number[]): Promise<{ lane: number; wakeAt: Date }[]> {
  return sql<{ lane: number; wakeAt: Date }[]>`
    select held.lane, next.wake_at as "wakeAt"
      from unnest(${[...lanes]}::smallint[]) as held(lane)
     cross join lateral (
       select min(first.wake_at) as wake_at
         from (values (0::smallint), (1::smallint), (2::smallint)) as p(priority)
        cross join lateral (
          select wake_at from run
           where run.lane = held.lane and run.priority = p.priority and run.wake_at is not null
           order by run.wake_at limit 1
        ) first
     ) next
     where next.wake_at is not null`;
}
