import type { Condition } from "../core/condition/condition.ts";
import { conditionToSql } from "../core/condition/condition-to-sql.ts";
import { activityOfContact } from "./activity.ts";
import { contactFilterColumns } from "./contact-filter.ts";
import type { ContactRow } from "./contacts.ts";
import type { Queryable, Transaction } from "./database.ts";
import type { SegmentState } from "./segments.ts";

/** `isKnown`: no writer is left that may not know of it as it is. */
export type UnfinishedSegment = { id: string; workspaceId: string; state: SegmentState; isKnown: boolean };

/**
 * Segments to be built or removed. Some writer may not know yet of those younger than `graceMs`, or than a transaction that is still open (unless
 * that goes on for a minute). With a `graceMs` of 0 nobody is waited for.
 */
export async function findUnfinished(sql: Queryable, graceMs: number): Promise<UnfinishedSegment[]> {
  return sql<UnfinishedSegment[]>`
    select id, workspace_id as "workspaceId", state,
           defined_at <= clock_timestamp() - ${graceMs} * interval '1 millisecond'
           and (${graceMs}::int = 0 or defined_in < pg_snapshot_xmin(pg_current_snapshot()) or defined_at < clock_timestamp() - interval '1 minute')
           as "isKnown"
      from segment where state <> 'ready' order by id`;
}

export type BuildPlace = { segmentId: string; lane: number; after: string };

/**
 * The first lane above `above` in which the segment is still to be built, taken until the transaction ends. Undefined when there is none, or
 * others have them all.
 */
export async function takeBuild(sql: Transaction, segmentId: string, above = -1): Promise<BuildPlace | undefined> {
  const [row] = await sql<BuildPlace[]>`
    select segment_id as "segmentId", lane, after from segment_build
     where segment_id = ${segmentId} and lane > ${above} order by lane limit 1 for update skip locked`;
  return row;
}

/** How many contacts the next chunk of a lane has, of any workspace, and the last of them; `end` is null when the lane ends with it. */
export async function measureChunk(
  sql: Queryable,
  { lane, after, size }: { lane: number; after: string; size: number },
): Promise<{ count: number; end: string | null }> {
  const [row] = await sql<[{ count: number; last: string | null }]>`
    with chunk as materialized (select id from contact where lane = ${lane} and id > ${after} order by id limit ${size})
    select (select count(*) from chunk) as count, (select id from chunk order by id desc limit 1) as last`;
  return { count: row.count, end: row.count < size ? null : row.last };
}

/** Notes how far a lane was built; `end` null: to its end. */
export async function noteBuilt(
  sql: Transaction,
  { segmentId, lane, end }: { segmentId: string; lane: number; end: string | null },
): Promise<void> {
  if (end === null) await sql`delete from segment_build where segment_id = ${segmentId} and lane = ${lane}`;
  else await sql`update segment_build set after = ${end} where segment_id = ${segmentId} and lane = ${lane}`;
}

/** Marks a segment as built when no lane is left to build; false when some are. */
export async function finishBuild(sql: Queryable, segmentId: string): Promise<boolean> {
  const { count } = await sql`
    with held as (select id from segment where id = ${segmentId} and state = 'building' for update)
    update segment s set state = 'ready' from held
     where s.id = held.id and not exists (select from segment_build b where b.segment_id = held.id)`;
  return count > 0;
}

export type Chunk = { lane: number; after: string; end: string | null };
export type ChunkQuestion = Chunk & {
  segmentId: string;
  workspaceId: string;
  definition: Condition;
  now: Date;
};

/** Brings the members of a segment among the contacts of a chunk to what the definition says, and returns those that entered or left. */
export async function compareChunk(
  sql: Transaction,
  { segmentId, workspaceId, definition, now, ...chunk }: ChunkQuestion,
): Promise<{ contactId: string; entered: boolean }[]> {
  const params: unknown[] = [];
  const bind = (value: string | number, type: string) => `$${params.push(String(value))}::text::${type}`;
  const [segment, workspace, lane] = [bind(segmentId, "uuid"), bind(workspaceId, "uuid"), bind(chunk.lane, "smallint")];
  const upTo = chunk.end === null ? "" : `and c.id <= ${bind(chunk.end, "uuid")}`;
  const at = bind(now.toISOString(), "timestamptz");
  const context = { params, now, activity: activityOfContact };
  const fits = conditionToSql(definition, contactFilterColumns(params), context);
  return sql.unsafe<{ contactId: string; entered: boolean }[]>(
    `with chunk as materialized (
       select c.id, ${fits} is true as fits from contact c
        where c.lane = ${lane} and c.id > ${bind(chunk.after, "uuid")} ${upTo} and c.workspace_id = ${workspace}
     ), members as materialized (
       select contact_id from segment_member c
        where c.lane = ${lane} and c.contact_id in (select id from chunk) and c.segment_id = ${segment}
     ), entered as (
       insert into segment_member (lane, contact_id, segment_id, workspace_id, entered_at)
       select ${lane}, id, ${segment}, ${workspace}, ${at} from chunk
        where fits and not exists (select from members m where m.contact_id = chunk.id)
       returning contact_id
     ), gone as (
       delete from segment_member s using chunk
        where not chunk.fits and s.lane = ${lane} and s.contact_id = chunk.id and s.segment_id = ${segment}
       returning s.contact_id
     )
     select contact_id as "contactId", true as entered from entered
     union all select contact_id, false from gone`,
    params as string[],
  );
}

/** The contacts of a workspace in a chunk. */
export async function loadChunk(
  sql: Queryable,
  { workspaceId, lane, after, end }: Chunk & { workspaceId: string },
): Promise<ContactRow[]> {
  return sql<ContactRow[]>`
    select lane, id, workspace_id as "workspaceId", external_id as "externalId", email, phone, properties, tags,
           time_zone as "timeZone", locale, created_at as "createdAt"
      from contact
     where lane = ${lane} and id > ${after} ${end === null ? sql`` : sql`and id <= ${end}`} and workspace_id = ${workspaceId}
     order by id`;
}

/** Takes out some members of a segment that is being removed, and with the last of them the segment. */
export async function removeSomeMembers(sql: Queryable, { id, workspaceId }: UnfinishedSegment): Promise<void> {
  const { count } = await sql`
    delete from segment_member where ctid = any (array(select ctid from segment_member where segment_id = ${id} limit 5000))`;
  if (count > 0) return;
  await sql`
    with counts as (delete from counter where workspace_id = ${workspaceId} and subject = ${id})
    delete from segment where id = ${id} and state = 'removing'`;
}
