import type { Contact } from "../core/contact.ts";
import type { JsonObject } from "../core/json.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

export type ContactKey = { lane: number; id: string };
export type ContactRow = Omit<Contact, "lists">;

/** New contacts, already holding their identities. */
export async function insertContacts(sql: Queryable, contacts: readonly ContactRow[]): Promise<void> {
  await sql`
    insert into contact (lane, id, workspace_id, external_id, email, phone, properties, tags, time_zone, locale, created_at, updated_at)
    select lane, id, "workspaceId", "externalId", email, phone, properties, array(select jsonb_array_elements_text(tags)),
           "timeZone", locale, "createdAt", "createdAt"
      from ${recordset(sql, contacts, 'lane smallint, id uuid, "workspaceId" uuid, "externalId" text, email text, phone text, properties jsonb, tags jsonb, "timeZone" text, locale text, "createdAt" timestamptz')} as c`;
}

/**
 * A change to a contact from outside the engine. Properties are laid over the present ones (`unset` names are removed) unless
 * `replace` is true; null fields stay as they are.
 */
export type ContactPatch = ContactKey & {
  externalId: string | null;
  email: string | null;
  phone: string | null;
  properties: JsonObject;
  unset: string[];
  replace: boolean;
  addTags: string[];
  removeTags: string[];
  timeZone: string | null;
  locale: string | null;
  at: Date;
};

/** Lays patches over contacts, one per contact. The database merges, so that two writers do not undo each other. */
export async function patchContacts(sql: Queryable, patches: readonly ContactPatch[]): Promise<void> {
  const sorted = [...patches].sort((a, b) => a.lane - b.lane || (a.id < b.id ? -1 : 1));
  await sql`
    with patch as (
      select p.*, array(select jsonb_array_elements_text(p.unset)) as gone,
             array(select jsonb_array_elements_text(p."addTags")) as added, array(select jsonb_array_elements_text(p."removeTags")) as removed
        from ${recordset(sql, sorted, 'lane smallint, id uuid, "externalId" text, email text, phone text, properties jsonb, unset jsonb, replace boolean, "addTags" jsonb, "removeTags" jsonb, "timeZone" text, locale text, at timestamptz')} as p
    ), held as (
      select c.lane, c.id from contact c join patch p on p.lane = c.lane and p.id = c.id order by c.lane, c.id for update of c
    )
    update contact c
       set external_id = coalesce(p."externalId", c.external_id),
           email = coalesce(p.email, c.email),
           phone = coalesce(p.phone, c.phone),
           properties = (case when p.replace then '{}' else c.properties end - p.gone) || p.properties,
           tags = case when p.added = '{}' and p.removed = '{}' then c.tags
                  else array(select t from unnest(c.tags || p.added) with ordinality u(t, n) where t <> all(p.removed) group by t order by min(n)) end,
           time_zone = coalesce(p."timeZone", c.time_zone),
           locale = coalesce(p.locale, c.locale),
           updated_at = p.at
      from patch p, held h
     where c.lane = p.lane and c.id = p.id and h.lane = p.lane and h.id = p.id`;
}

/** The contacts of these keys, without their lists. Contacts that are gone are left out. */
export async function loadContacts(sql: Queryable, keys: readonly ContactKey[]): Promise<ContactRow[]> {
  return sql<ContactRow[]>`
    select c.lane, c.id, c.workspace_id as "workspaceId", c.external_id as "externalId", c.email, c.phone, c.properties, c.tags,
           c.time_zone as "timeZone", c.locale, c.created_at as "createdAt"
      from ${recordset(sql, keys, "lane smallint, id uuid")} as k
      join contact c on c.lane = k.lane and c.id = k.id`;
}
