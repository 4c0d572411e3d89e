import type { PendingQuery, Row } from "postgres";
import type { Contact } from "../core/contact.ts";
import type { JsonObject } from "../core/json.ts";
import type { Queryable } from "./database.ts";
import { recordset, rowsText } from "./rows.ts";

export type ContactKey = { lane: number; id: string };
export type ContactRow = Omit<Contact, "lists">;

/** New contacts, already holding their identities; as rows, or as `rowsText` of them. */
export function insertContacts(sql: Queryable, contacts: readonly ContactRow[] | string): PendingQuery<Row[]> {
  return sql`
    insert into contact (lane, id, workspace_id, external_id, email, phone, properties, tags, time_zone, locale, created_at, updated_at)
    select lane, id, "workspaceId", "externalId", email, phone, properties, tags,
           "timeZone", locale, "createdAt", "createdAt"
      from ${recordset(sql, contacts, contactShape)} as c`;
}

export const contactShape =
  'lane smallint, id uuid, "workspaceId" uuid, "externalId" text, email text, phone text, properties jsonb, tags text[], "timeZone" text, locale text, "createdAt" timestamptz';

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

/** A patch that changes nothing yet. */
export function emptyPatch({ lane, id }: ContactKey, at: Date): ContactPatch {
  const blank = { externalId: null, email: null, phone: null, timeZone: null, locale: null };
  return { lane, id, ...blank, properties: {}, unset: [], replace: false, addTags: [], removeTags: [], at };
}

/** Patches in the order in which their contacts are locked, as text for `patchContacts`. */
export function patchesText(patches: readonly ContactPatch[]): string {
  const sorted = [...patches].sort((a, b) => a.lane - b.lane || (a.id < b.id ? -1 : 1));
  return rowsText(sorted, patchShape);
}

/** Lays patches over contacts, one per contact. The database merges, so that two writers do not undo each other. */
export function patchContacts(sql: Queryable, patches: readonly ContactPatch[] | string): PendingQuery<Row[]> {
  const text = typeof patches === "string" ? patches : patchesText(patches);
  return sql`
    with held as (
      select p.*
        from ${recordset(sql, text, patchShape)} as p
       cross join lateral (
         select 1 from contact where contact.lane = p.lane and contact.id = p.id offset 0 for update
       ) locked
    )
    update contact c
       set external_id = coalesce(p."externalId", c.external_id),
           email = coalesce(p.email, c.email),
           phone = coalesce(p.phone, c.phone),
           properties = (case when p.replace then '{}' else c.properties end - p.unset) || p.properties,
           tags = case when p."addTags" = '{}' and p."removeTags" = '{}' then c.tags
                  else array(select t from unnest(c.tags || p."addTags") with ordinality u(t, n)
                              where t <> all(p."removeTags") group by t order by min(n)) end,
           time_zone = coalesce(p."timeZone", c.time_zone),
           locale = coalesce(p.locale, c.locale),
           updated_at = p.at
      from held p
     where c.lane = p.lane and c.id = p.id
       -- An application that sends the same properties with every event must not cost a new row version each time.
       and (p.replace or not c.properties @> p.properties or c.properties ?| p.unset or p."addTags" <> '{}' or p."removeTags" <> '{}'
            or num_nonnulls(p."externalId", p.email, p.phone, p."timeZone", p.locale) > 0)`;
}

const patchShape =
  'lane smallint, id uuid, "externalId" text, email text, phone text, properties jsonb, unset text[], replace boolean, "addTags" text[], "removeTags" text[], "timeZone" text, locale text, at timestamptz';

/** The contacts of these keys, without their lists. Contacts that are gone are left out. */
export async function loadContacts(sql: Queryable, keys: readonly ContactKey[]): Promise<ContactRow[]> {
  return sql<ContactRow[]>`
    select c.lane, c.id, c.workspace_id as "workspaceId", c.external_id as "externalId", c.email, c.phone, c.properties, c.tags,
           c.time_zone as "timeZone", c.locale, c.created_at as "createdAt"
      from ${recordset(sql, keys, "lane smallint, id uuid")} as k
      join contact c on c.lane = k.lane and c.id = k.id`;
}
