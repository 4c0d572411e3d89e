import type { PendingQuery, Row } from "postgres";
import { type Contact, type IdentityKind, identityKinds } from "../core/contact.ts";
import { laneOfValue } from "../core/id.ts";
import type { ContactRow } from "./contacts.ts";
import type { Transaction } from "./database.ts";
import type { IdentityRow } from "./identities.ts";
import { recordset } from "./rows.ts";

/** Writes contacts as they are given. The caller has them locked. */
export function saveContacts(sql: Transaction, contacts: readonly ContactRow[], now: Date): PendingQuery<Row[]> {
  return sql`
    update contact c
       set external_id = k."externalId", email = k.email, phone = k.phone, properties = k.properties, tags = k.tags,
           time_zone = k."timeZone", locale = k.locale, updated_at = ${now}
      from ${recordset(sql, contacts, 'lane smallint, id uuid, "externalId" text, email text, phone text, properties jsonb, tags text[], "timeZone" text, locale text')} as k
     where c.lane = k.lane and c.id = k.id`;
}

/** The identities that a contact holds, as rows of their table. */
export function identitiesOf(contact: Pick<Contact, "workspaceId" | IdentityKind>): IdentityRow[] {
  return identityKinds.flatMap((kind) => {
    const value = contact[kind];
    return value === null ? [] : [{ lane: laneOfValue(value), workspaceId: contact.workspaceId, kind, value }];
  });
}

/**
 * Takes a contact away with its lists, segments, admissions and parts in tests. Its identities are released apart, its runs ended before. The caller holds the
 * lane.
 */
export async function removeContact(sql: Transaction, { lane, id }: { lane: number; id: string }): Promise<void> {
  await sql`delete from membership where lane = ${lane} and contact_id = ${id}`;
  await sql`delete from admission where lane = ${lane} and contact_id = ${id}`;
  await sql`delete from ab_participant where lane = ${lane} and contact_id = ${id}`;
  await sql`
    with unchecked as (delete from contact_check where lane = ${lane} and contact_id = ${id}),
    gone as (delete from segment_member where lane = ${lane} and contact_id = ${id} returning workspace_id, segment_id),
    counted as (
      insert into counter as c (lane, workspace_id, subject, version, name, value)
      select ${lane}, workspace_id, segment_id, 0, 'members', -1 from gone order by segment_id
      on conflict (lane, workspace_id, subject, version, name) do update set value = c.value - 1
    )
    delete from contact where lane = ${lane} and id = ${id}`;
}
