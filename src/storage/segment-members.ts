import type { PendingQuery, Row } from "postgres";
import type { ContactKey } from "./contacts.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type SegmentMemberRow = { lane: number; contactId: string; segmentId: string; workspaceId: string; at: Date };

/** The ids of the segments that these contacts are in, by contact id. Contacts in none are left out. */
export async function loadSegments(sql: Queryable, keys: readonly ContactKey[]): Promise<Map<string, string[]>> {
  const rows = await sql<{ contactId: string; segmentId: string }[]>`
    select s.contact_id as "contactId", s.segment_id as "segmentId"
      from ${recordset(sql, keys, "lane smallint, id uuid")} as k
      join segment_member s on s.lane = k.lane and s.contact_id = k.id
     order by s.segment_id`;
  const segments = new Map<string, string[]>();
  for (const { contactId, segmentId } of rows) segments.set(contactId, [...(segments.get(contactId) ?? []), segmentId]);
  return segments;
}

/** Contacts that have entered segments. The caller holds their lanes. */
export function insertSegmentMembers(sql: Queryable, members: readonly SegmentMemberRow[]): PendingQuery<Row[]> {
  return sql`
    insert into segment_member (lane, contact_id, segment_id, workspace_id, entered_at)
    select lane, "contactId", "segmentId", "workspaceId", at
      from ${recordset(sql, members, 'lane smallint, "contactId" uuid, "segmentId" uuid, "workspaceId" uuid, at timestamptz')} as m
    on conflict do nothing`;
}

/** Contacts that have left segments. The caller holds their lanes. */
export function removeSegmentMembers(
  sql: Queryable,
  members: readonly Pick<SegmentMemberRow, "lane" | "contactId" | "segmentId">[],
): PendingQuery<Row[]> {
  return sql`
    delete from segment_member s
     using ${recordset(sql, members, 'lane smallint, "contactId" uuid, "segmentId" uuid')} as m
     where s.lane = m.lane and s.contact_id = m."contactId" and s.segment_id = m."segmentId"`;
}

/** A page of a segment's members, newest contact first. */
export async function pageSegmentMembers(
  sql: Queryable,
  page: { workspaceId: string; segmentId: string; before: string | null; limit: number },
): Promise<{ contactId: string; enteredAt: Date }[]> {
  return sql<{ contactId: string; enteredAt: Date }[]>`
    select contact_id as "contactId", entered_at as "enteredAt"
      from segment_member
     where segment_id = ${page.segmentId} and workspace_id = ${page.workspaceId}
       and (${page.before}::uuid is null or contact_id < ${page.before}::uuid)
     order by contact_id desc limit ${page.limit}`;
}

/** When a contact entered a segment; undefined when it is not in it. */
export async function findEnteredAt(
  sql: Queryable,
  { lane, contactId, segmentId }: Pick<SegmentMemberRow, "lane" | "contactId" | "segmentId">,
): Promise<Date | undefined> {
  const [row] = await sql<{ enteredAt: Date }[]>`
    select entered_at as "enteredAt" from segment_member
     where lane = ${lane} and contact_id = ${contactId} and segment_id = ${segmentId}`;
  return row?.enteredAt;
}
