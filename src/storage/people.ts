import type { MembershipState } from "../core/contact.ts";
import { laneOf } from "../core/id.ts";
import type { JsonObject } from "../core/json.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

/** A member of a list as a person: who it is, its state there, and why its address gets nothing any more. */
export type PersonRow = {
  id: string;
  email: string | null;
  phone: string | null;
  properties: JsonObject;
  state: MembershipState;
  joinedAt: Date;
  suppressed: string | null;
};

export type PeopleFilter = {
  workspaceId: string;
  listId: string;
  limit: number;
  offset: number;
  /** Only members whose property reads so, as text. */
  property?: { name: string; value: string } | undefined;
};

/** Members of a list in the order in which their contacts were made. */
export async function pagePeople(sql: Queryable, filter: PeopleFilter): Promise<PersonRow[]> {
  const { workspaceId, listId, limit, offset, property } = filter;
  return sql<PersonRow[]>`
    select ${personColumns(sql)}
      from membership m
      join contact c on c.lane = m.lane and c.id = m.contact_id
      ${suppressionOf(sql)}
     where m.list_id = ${listId} and m.workspace_id = ${workspaceId}
       ${property === undefined ? sql`` : sql`and c.properties ->> ${property.name} = ${property.value}`}
     order by m.contact_id limit ${limit} offset ${offset}`;
}

/** Everything that lists say of some contacts. */
export async function findPeople(sql: Queryable, filter: { workspaceId: string; ids: readonly string[] }) {
  const keys = filter.ids.map((id) => ({ lane: laneOf(id), id }));
  return sql<(PersonRow & { listId: string; listNumber: number; listName: string })[]>`
    select ${personColumns(sql)}, l.id as "listId", l.number as "listNumber", l.name as "listName"
      from ${recordset(sql, keys, "lane smallint, id uuid")} as k
      join membership m on m.lane = k.lane and m.contact_id = k.id and m.workspace_id = ${filter.workspaceId}
      join list l on l.id = m.list_id
      join contact c on c.lane = m.lane and c.id = m.contact_id
      ${suppressionOf(sql)}
     order by l.number, m.contact_id`;
}

/** The names and JSON types of the properties that the newest members of a list have; the last type seen of each. */
export async function samplePropertyTypes(sql: Queryable, { listId, sample }: { listId: string; sample: number }) {
  return sql<{ name: string; type: string }[]>`
    select property.key as name, max(jsonb_typeof(property.value)) as type
      from (select lane, contact_id from membership where list_id = ${listId} order by contact_id desc limit ${sample}) m
      join contact c on c.lane = m.lane and c.id = m.contact_id
     cross join lateral jsonb_each(c.properties) as property
     group by property.key order by property.key limit 500`;
}

/** The tags of a workspace's contacts with how many have each, the commonest first. */
export async function countTags(sql: Queryable, { workspaceId, limit }: { workspaceId: string; limit: number }) {
  return sql<{ tag: string; contacts: number }[]>`
    select tag, count(*)::int as contacts
      from contact c cross join lateral unnest(c.tags) as tag
     where c.workspace_id = ${workspaceId} group by tag order by 2 desc, 1 limit ${limit}`;
}

function personColumns(sql: Queryable) {
  return sql`c.id, c.email, c.phone, c.properties, m.state, m.joined_at as "joinedAt", s.reason as suppressed`;
}

function suppressionOf(sql: Queryable) {
  return sql`left join suppression s on s.workspace_id = c.workspace_id and s.channel = 'email' and s.address = c.email`;
}
