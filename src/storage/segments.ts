import type { Condition } from "../core/condition/condition.ts";
import { laneCount } from "../core/id.ts";
import type { Queryable, Transaction } from "./database.ts";
import { jsonOf } from "./rows.ts";

export type SegmentState = "building" | "ready" | "removing";

export type SegmentRow = {
  id: string;
  workspaceId: string;
  /** Small, and the same for ever: for people, and for the APIs that know segments by number. */
  number: number;
  name: string;
  description: string;
  definition: Condition;
  revision: number;
  state: SegmentState;
  createdAt: Date;
  updatedAt: Date;
};

export type SegmentRef = { workspaceId: string; id: string };

function segmentColumns(sql: Queryable) {
  return sql`id, workspace_id as "workspaceId", number, name, description, definition, revision, state, created_at as "createdAt", updated_at as "updatedAt"`;
}

/** Stores a segment, to be built. Undefined when the workspace has one of that name. */
export async function insertSegment(
  sql: Transaction,
  segment: Omit<SegmentRow, "number" | "revision" | "state" | "updatedAt">,
): Promise<SegmentRow | undefined> {
  const { id, workspaceId, name, description, definition, createdAt } = segment;
  const [row] = await sql<SegmentRow[]>`
    insert into segment (id, workspace_id, name, description, definition, state, created_at, updated_at)
    values (${id}, ${workspaceId}, ${name}, ${description}, ${jsonOf(definition)}::text::jsonb, 'building', ${createdAt}, ${createdAt})
    on conflict (workspace_id, name) where state <> 'removing' do nothing
    returning ${segmentColumns(sql)}`;
  return row;
}

export async function findSegment(sql: Queryable, { workspaceId, id }: SegmentRef): Promise<SegmentRow | undefined> {
  const [row] = await sql<SegmentRow[]>`
    select ${segmentColumns(sql)} from segment where workspace_id = ${workspaceId} and id = ${id} and state <> 'removing'`;
  return row;
}

/** What these segments are called, by id. */
export async function segmentNames(
  sql: Queryable,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
): Promise<Record<string, string>> {
  if (ids.length === 0) return {};
  const rows = await sql<{ id: string; name: string }[]>`
    select id, name from segment where workspace_id = ${workspaceId} and id = any(${[...ids]}::uuid[])`;
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
}

/** A segment by its number. */
export async function findSegmentByNumber(
  sql: Queryable,
  { workspaceId, number }: { workspaceId: string; number: number },
): Promise<SegmentRow | undefined> {
  const [row] = await sql<SegmentRow[]>`
    select ${segmentColumns(sql)} from segment where workspace_id = ${workspaceId} and number = ${number} and state <> 'removing'`;
  return row;
}

/** All segments of a workspace, oldest first. */
export async function loadWorkspaceSegments(sql: Queryable, workspaceId: string): Promise<SegmentRow[]> {
  return sql<SegmentRow[]>`
    select ${segmentColumns(sql)} from segment where workspace_id = ${workspaceId} and state <> 'removing' order by id`;
}

/** A page of segments, newest first; `before` is the id of the last one seen. */
export async function pageSegments(
  sql: Queryable,
  page: { workspaceId: string; before: string | null; limit: number },
): Promise<SegmentRow[]> {
  return sql<SegmentRow[]>`
    select ${segmentColumns(sql)} from segment
     where workspace_id = ${page.workspaceId} and state <> 'removing' and (${page.before}::uuid is null or id < ${page.before}::uuid)
     order by id desc limit ${page.limit}`;
}

/** Waits until nobody else changes segments of the workspace, and keeps it so until the transaction ends. */
export async function holdSegments(sql: Transaction, workspaceId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('staffetta.segments.' || ${workspaceId}::text, 0))`;
}

/** Saves name and description. The caller holds the segments, and has looked whether the name is free. */
export async function saveSegmentTexts(
  sql: Transaction,
  { id, name, description, now }: { id: string; name: string; description: string; now: Date },
): Promise<void> {
  await sql`update segment set name = ${name}, description = ${description}, updated_at = ${now} where id = ${id}`;
}

/** Gives segments another definition, or the one they have, and has them built anew from the first contact on. */
export async function redefineSegments(
  sql: Transaction,
  segments: readonly { id: string; definition: Condition }[],
  now: Date,
): Promise<void> {
  for (const { id, definition } of segments)
    await sql`
      update segment set definition = ${jsonOf(definition)}::text::jsonb, revision = revision + 1, state = 'building', updated_at = ${now},
             defined_at = clock_timestamp(), defined_in = pg_current_xact_id()
       where id = ${id} and state <> 'removing'`;
  await planBuilds(
    sql,
    segments.map(({ id }) => id),
  );
}

/** Has every lane looked at for these segments. A chunk under way is waited for, and then done again. */
export async function planBuilds(sql: Transaction, ids: readonly string[]): Promise<void> {
  await sql`
    insert into segment_build (segment_id, lane)
    select id, lane from unnest(${[...ids]}::uuid[]) as s(id) cross join generate_series(0, ${laneCount - 1}) as l(lane) order by 1, 2
    on conflict (segment_id, lane) do update set after = excluded.after`;
}

/** Hides a segment. Its members are taken out later, when no writer knows of it any more. */
export async function retireSegment(sql: Transaction, { id, now }: { id: string; now: Date }): Promise<void> {
  // A chunk under way is waited for here.
  await sql`delete from segment_build where segment_id = ${id}`;
  await sql`
    update segment set state = 'removing', updated_at = ${now}, defined_at = clock_timestamp(), defined_in = pg_current_xact_id()
     where id = ${id}`;
}

/** In how many lanes each of these segments is still being built. */
export async function countBuilds(sql: Queryable, ids: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; lanes: number }[]>`
    select segment_id as id, count(*) as lanes from segment_build where segment_id = any(${[...ids]}::uuid[]) group by 1`;
  return new Map(rows.map(({ id, lanes }) => [id, lanes]));
}

/** The published flows whose current version, or one that runs are still on, has the id somewhere in it: their names. */
export async function findFlowsNaming(sql: Queryable, { workspaceId, id }: SegmentRef): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select f.name from flow f
     where f.workspace_id = ${workspaceId} and f.status <> 'draft'
       and exists (
         select from flow_version v
          where v.flow_id = f.id and strpos(v.definition::text, ${id}) > 0
            and ((v.version = f.version and f.status in ('active', 'paused'))
              or exists (select from run r where r.flow_id = f.id and r.version = v.version and r.ended_at is null)))
     order by f.name limit 20`;
  return rows.map(({ name }) => name);
}

/** How many contacts are in each of these segments, from the roll-ups. */
export async function countMembersOf(
  sql: Queryable,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
): Promise<Map<string, number>> {
  const rows = await sql<{ id: string; members: number }[]>`
    select subject as id, sum(value)::bigint as members from counter
     where workspace_id = ${workspaceId} and subject = any(${[...ids]}::uuid[]) and version = 0 and name = 'members' group by 1`;
  return new Map(rows.map(({ id, members }) => [id, members]));
}
