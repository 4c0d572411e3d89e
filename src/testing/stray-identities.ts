import type { Queryable } from "../storage/database.ts";

/**
 * Identities that a contact shows and does not own, or owns and does not show: there must never be any. Contacts without a row of their
 * own count too, as owners of what nobody shows.
 */
export async function findStrayIdentities(sql: Queryable) {
  return sql<{ value: string; shownBy: string | null; ownedBy: string | null }[]>`
    with shown as (
      select workspace_id, id, 'externalId' as kind, external_id as value from contact where external_id is not null
      union all select workspace_id, id, 'email', email from contact where email is not null
      union all select workspace_id, id, 'phone', phone from contact where phone is not null
    )
    select coalesce(s.value, i.value) as value, s.id as "shownBy", i.contact_id as "ownedBy"
      from shown s
      full join contact_identity i on i.workspace_id = s.workspace_id and i.kind = s.kind and i.value = s.value and i.contact_id = s.id
     where s.id is null or i.contact_id is null`;
}
