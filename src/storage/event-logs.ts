import type { Queryable, Sql } from "./database.ts";

/** Empties the logs of these definitions, or (null) of all of the workspace: they show only what is accepted after `now`. How many there are. */
export async function clearEventLogs(
  sql: Queryable,
  { workspaceId, ids, now }: { workspaceId: string; ids: readonly string[] | null; now: Date },
): Promise<number> {
  const rows = await sql`
    update event_definition set log_cleared_at = ${now}
     where workspace_id = ${workspaceId} ${ids === null ? sql`` : sql`and id = any(${[...ids]}::uuid[])`}
    returning 1`;
  return rows.length;
}

/**
 * Takes what is known of the clients out of events that a log shows no more, of one log and at most `limit` events that are looked at. The
 * events stay: flows may not have met them yet, and they say why runs began. False when nothing is left to do.
 */
export async function eraseClearedLog(sql: Sql, limit: number): Promise<boolean> {
  return sql.begin(async (transaction) => {
    const [cleared] = await transaction<Cleared[]>`
      select id, workspace_id as "workspaceId", name, log_erased_to as "erasedTo", uuid_floor(log_cleared_at) as "end"
        from event_definition
       where log_cleared_at is not null and (log_erased_to is null or log_erased_to < uuid_floor(log_cleared_at))
       order by id limit 1
         for update skip locked`;
    if (!cleared) return false;
    const last = await eraseClients(transaction, cleared, limit);
    await transaction`update event_definition set log_erased_to = ${last ?? cleared.end} where id = ${cleared.id}`;
    return true;
  });
}

type Cleared = { id: string; workspaceId: string; name: string; erasedTo: string | null; end: string };

/** The last event that was looked at; null when there were fewer than `limit`. */
async function eraseClients(
  sql: Queryable,
  { workspaceId, name, erasedTo, end }: Cleared,
  limit: number,
): Promise<string | null> {
  const rows = await sql<{ id: string }[]>`
    with seen as (
      select lane, contact_id, id, name, client from event
       where workspace_id = ${workspaceId} and id < ${end}::uuid and (${erasedTo}::uuid is null or id > ${erasedTo}::uuid)
       order by id limit ${limit}
    ), erased as (
      update event e set client = null from seen s
       where e.lane = s.lane and e.contact_id = s.contact_id and e.id = s.id and s.name = ${name} and s.client is not null
    )
    select id from seen order by id desc`;
  return rows.length < limit ? null : (rows[0]?.id ?? null);
}
