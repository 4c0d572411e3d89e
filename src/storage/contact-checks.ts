import type { PendingQuery, Row } from "postgres";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type ContactCheck = { lane: number; contactId: string; workspaceId: string };

/** Contacts of these lanes whose segments time may have changed by `now`, at most `perLane` each. The caller holds the lanes. */
export async function takeChecks(
  sql: Queryable,
  { lanes, now, perLane }: { lanes: readonly number[]; now: Date; perLane: number },
): Promise<ContactCheck[]> {
  return sql<ContactCheck[]>`
    select held.lane, k.contact_id as "contactId", k.workspace_id as "workspaceId"
      from unnest(${[...lanes]}::smallint[]) as held(lane)
     cross join lateral (
       select contact_id, workspace_id from contact_check
        where contact_check.lane = held.lane and due_at <= ${now} order by due_at limit ${perLane}) k`;
}

/**
 * Sets when contacts are to be looked at next. With `isWhole` that is so for all of their segments; otherwise an earlier instant that is
 * there stays, for it may be that of another segment.
 */
export function saveChecks(
  sql: Queryable,
  checks: readonly (ContactCheck & { dueAt: Date; isWhole: boolean })[],
): PendingQuery<Row[]> {
  const shape = 'lane smallint, "contactId" uuid, "workspaceId" uuid, "dueAt" timestamptz, "isWhole" boolean';
  return sql`
    with wanted as (select * from ${recordset(sql, checks, shape)} as w)
    insert into contact_check as c (lane, contact_id, workspace_id, due_at)
    select w.lane, w."contactId", w."workspaceId", case when w."isWhole" then w."dueAt" else least(w."dueAt", old.due_at) end
      from wanted w left join contact_check old on old.lane = w.lane and old.contact_id = w."contactId"
    on conflict (lane, contact_id) do update set due_at = excluded.due_at where c.due_at <> excluded.due_at`;
}

/** Takes away what was looked at, and need not be looked at again. */
export function removeChecks(
  sql: Queryable,
  checks: readonly Pick<ContactCheck, "lane" | "contactId">[],
): PendingQuery<Row[]> {
  return sql`
    delete from contact_check c
     using ${recordset(sql, checks, 'lane smallint, "contactId" uuid')} as k
     where c.lane = k.lane and c.contact_id = k."contactId"`;
}

/** The next instant at which a contact of each of these lanes is to be looked at. */
export async function nextChecks(sql: Queryable, lanes: readonly number[]): Promise<{ lane: number; wakeAt: Date }[]> {
  return sql<{ lane: number; wakeAt: Date }[]>`
    select held.lane, next.due_at as "wakeAt"
      from unnest(${[...lanes]}::smallint[]) as held(lane)
     cross join lateral (select due_at from contact_check where contact_check.lane = held.lane order by due_at limit 1) next`;
}
