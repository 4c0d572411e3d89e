import type { Audience } from "../core/audience.ts";
import type { BroadcastState } from "../core/broadcast-state.ts";
import type { Priority } from "../core/flow/priority.ts";
import type { JsonObject } from "../core/json.ts";
import type { Queryable, Transaction } from "./database.ts";
import { jsonOf } from "./rows.ts";

/** One start of a flow over an audience (null: everyone). `cursor` is the last contact that was looked at. */
export type BroadcastRow = {
  id: string;
  workspaceId: string;
  flowId: string;
  entry: string;
  cause: string;
  audience: Audience | null;
  variables: JsonObject;
  priority: Priority;
  windowFrom: Date | null;
  windowTo: Date | null;
  state: BroadcastState;
  reason: string | null;
  cursor: string;
  expected: number | null;
  queued: number;
  failures: number;
  nextAt: Date;
  createdBy: string | null;
  createdAt: Date;
  endedAt: Date | null;
};

/** A broadcast that has not begun, or one that is over before it begins. */
export type NewBroadcast = Omit<BroadcastRow, "cursor" | "expected" | "queued" | "failures" | "nextAt" | "endedAt">;

function columns(sql: Queryable) {
  return sql`b.id, b.workspace_id as "workspaceId", b.flow_id as "flowId", b.entry, b.cause, b.audience, b.variables, b.priority,
    b.window_from as "windowFrom", b.window_to as "windowTo", b.state, b.reason, b.cursor, b.expected, b.queued, b.failures,
    b.next_at as "nextAt", b.created_by as "createdBy", b.created_at as "createdAt", b.ended_at as "endedAt"`;
}

export async function insertBroadcast(sql: Queryable, row: NewBroadcast): Promise<BroadcastRow> {
  const audience = row.audience === null ? null : jsonOf(row.audience);
  const endedAt = row.state === "running" || row.state === "paused" ? null : row.createdAt;
  const [stored] = await sql<[BroadcastRow]>`
    insert into broadcast as b (id, workspace_id, flow_id, entry, cause, audience, variables, priority, window_from, window_to, state, reason,
                           next_at, created_by, created_at, updated_at, ended_at)
    values (${row.id}, ${row.workspaceId}, ${row.flowId}, ${row.entry}, ${row.cause}, ${audience}::text::jsonb,
            ${jsonOf(row.variables)}::text::jsonb, ${row.priority}, ${row.windowFrom}, ${row.windowTo}, ${row.state}, ${row.reason},
            ${row.createdAt}, ${row.createdBy}, ${row.createdAt}, ${row.createdAt}, ${endedAt})
    returning ${columns(sql)}`;
  return stored;
}

export type BroadcastRef = { workspaceId: string; id: string };

export async function findBroadcast(
  sql: Queryable,
  { workspaceId, id }: BroadcastRef,
): Promise<BroadcastRow | undefined> {
  const [row] = await sql<BroadcastRow[]>`
    select ${columns(sql)} from broadcast b where b.workspace_id = ${workspaceId} and b.id = ${id}`;
  return row;
}

/** Locks a broadcast until the transaction ends: no chunk of it is under way meanwhile. */
export async function lockBroadcast(
  sql: Transaction,
  { workspaceId, id }: BroadcastRef,
): Promise<BroadcastRow | undefined> {
  const [row] = await sql<BroadcastRow[]>`
    select ${columns(sql)} from broadcast b where b.workspace_id = ${workspaceId} and b.id = ${id} for update`;
  return row;
}

type BroadcastPage = {
  workspaceId: string;
  flowId: string | null;
  state: BroadcastState | null;
  before: string | null;
  limit: number;
};

/** A page of broadcasts, newest first; `before` is the id of the last one seen. */
export async function pageBroadcasts(sql: Queryable, page: BroadcastPage): Promise<BroadcastRow[]> {
  return sql<BroadcastRow[]>`
    select ${columns(sql)} from broadcast b
     where b.workspace_id = ${page.workspaceId}
       and (${page.flowId}::uuid is null or b.flow_id = ${page.flowId}::uuid)
       and (${page.state}::text is null or b.state = ${page.state})
       and (${page.before}::uuid is null or b.id < ${page.before}::uuid)
     order by b.id desc limit ${page.limit}`;
}

/**
 * Takes the running broadcast whose turn it is, and locks it until the transaction ends. Those that another process works on are left to it, and
 * those of flows that let nobody in wait. With it comes the version that its flow is at.
 */
export async function takeBroadcast(
  sql: Transaction,
  now: Date,
): Promise<(BroadcastRow & { version: number }) | undefined> {
  const [row] = await sql<(BroadcastRow & { version: number })[]>`
    select ${columns(sql)}, f.version
      from broadcast b join flow f on f.id = b.flow_id and f.status = 'active'
     where b.state = 'running' and b.next_at <= ${now}
     order by b.priority, b.next_at, b.id limit 1 for update of b skip locked`;
  return row;
}

/** The first instant at which a running broadcast goes on, null when there is none. */
export async function nextBroadcastAt(sql: Queryable): Promise<Date | null> {
  const [row] = await sql<{ at: Date }[]>`
    select b.next_at as at from broadcast b join flow f on f.id = b.flow_id and f.status = 'active'
     where b.state = 'running' order by b.next_at limit 1`;
  return row?.at ?? null;
}

export type Progress = { id: string; cursor: string; queued: number; nextAt: Date; now: Date };

/** Moves a broadcast on, in the transaction that puts its contacts in line. */
export async function moveBroadcast(sql: Transaction, { id, cursor, queued, nextAt, now }: Progress): Promise<void> {
  await sql`
    update broadcast set cursor = ${cursor}, queued = queued + ${queued}, next_at = ${nextAt}, failures = 0, updated_at = ${now} where id = ${id}`;
}

export async function expectContacts(sql: Transaction, id: string, expected: number): Promise<void> {
  await sql`update broadcast set expected = ${expected} where id = ${id}`;
}

type StateChange = { id: string; state: BroadcastState; reason: string | null; now: Date };

/** Puts a broadcast, which the caller holds, into another state; one that runs again does so at once. */
export async function setBroadcastState(sql: Transaction, { id, state, reason, now }: StateChange): Promise<void> {
  const endedAt = state === "running" || state === "paused" ? null : now;
  await sql`
    update broadcast set state = ${state}, reason = ${reason}, ended_at = ${endedAt}, next_at = ${now}, failures = 0, updated_at = ${now}
     where id = ${id}`;
}

/** Forgets a broadcast by a date for which there was nobody: there is one every quarter of an hour. */
export async function removeBroadcast(sql: Transaction, id: string): Promise<void> {
  await sql`delete from broadcast where id = ${id}`;
}

/** Cancels what is not over of a flow's broadcasts. */
export async function cancelBroadcasts(
  sql: Transaction,
  { flowId, reason, now }: { flowId: string; reason: string; now: Date },
): Promise<void> {
  await sql`
    update broadcast set state = 'cancelled', reason = ${reason}, ended_at = ${now}, updated_at = ${now}
     where flow_id = ${flowId} and state in ('running', 'paused')`;
}

/** Puts off a broadcast whose chunk failed, by twice as long each time from a second on; after `limit` failures in a row it is over. */
export async function putOffBroadcast(
  sql: Queryable,
  { id, limit, now }: { id: string; limit: number; now: Date },
): Promise<void> {
  await sql`
    update broadcast
       set failures = failures + 1, next_at = ${now}::timestamptz + power(2, failures) * interval '1 second', updated_at = ${now},
           state = case when failures + 1 >= ${limit} then 'failed' else state end,
           reason = case when failures + 1 >= ${limit} then 'internal_error' else reason end,
           ended_at = case when failures + 1 >= ${limit} then ${now}::timestamptz end
     where id = ${id} and state = 'running'`;
}
