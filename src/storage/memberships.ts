import type { PendingQuery, Row } from "postgres";
import type { MembershipState } from "../core/contact.ts";
import type { ContactKey } from "./contacts.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type MembershipRow = {
  lane: number;
  contactId: string;
  listId: string;
  workspaceId: string;
  state: MembershipState;
  at: Date;
};

/** Sets the state of contacts in lists, joining them where they were not known. The last row of a contact and list counts. */
export function setMemberships(sql: Queryable, memberships: readonly MembershipRow[]): PendingQuery<Row[]> {
  const last = new Map(memberships.map((row) => [`${row.contactId}|${row.listId}`, row]));
  const sorted = [...last.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return sql`
    insert into membership as m (lane, contact_id, list_id, workspace_id, state, joined_at, updated_at)
    select lane, "contactId", "listId", "workspaceId", state, at, at
      from ${recordset(sql, sorted, 'lane smallint, "contactId" uuid, "listId" uuid, "workspaceId" uuid, state text, at timestamptz')} as r
    on conflict (lane, contact_id, list_id) do update set state = excluded.state, updated_at = excluded.updated_at
     where m.state <> excluded.state`;
}

/** The lists that these contacts are known to, with their state. */
export async function loadMemberships(sql: Queryable, keys: readonly ContactKey[]) {
  return sql<{ contactId: string; listId: string; state: MembershipState }[]>`
    select m.contact_id as "contactId", m.list_id as "listId", m.state
      from ${recordset(sql, keys, "lane smallint, id uuid")} as k
      join membership m on m.lane = k.lane and m.contact_id = k.id`;
}

/** Takes contacts out of lists. Locked in the order in which `setMemberships` writes, whose callers need not have the contacts locked. */
export function removeMemberships(
  sql: Queryable,
  memberships: readonly Pick<MembershipRow, "lane" | "contactId" | "listId">[],
): PendingQuery<Row[]> {
  return sql`
    with held as materialized (
      select m.lane, m.contact_id, m.list_id
        from ${recordset(sql, memberships, 'lane smallint, "contactId" uuid, "listId" uuid')} as k
        join membership m on m.lane = k.lane and m.contact_id = k."contactId" and m.list_id = k."listId"
       order by m.contact_id, m.list_id for update of m
    )
    delete from membership m using held h
     where m.lane = h.lane and m.contact_id = h.contact_id and m.list_id = h.list_id`;
}
