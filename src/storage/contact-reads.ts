import type { Condition } from "../core/condition/condition.ts";
import { conditionToSql } from "../core/condition/condition-to-sql.ts";
import { laneOf } from "../core/id.ts";
import { activityOfContact } from "./activity.ts";
import { contactFilterColumns } from "./contact-filter.ts";
import type { ContactKey, ContactRow } from "./contacts.ts";
import type { Queryable, Transaction } from "./database.ts";

export type ContactRecord = ContactRow & { updatedAt: Date };
export type ContactRef = { workspaceId: string; id: string };

/** The columns of a contact (as c), for queries of its kind. */
export const contactColumns = `c.lane, c.id, c.workspace_id as "workspaceId", c.external_id as "externalId", c.email, c.phone, c.properties, c.tags,
  c.time_zone as "timeZone", c.locale, c.created_at as "createdAt", c.updated_at as "updatedAt"`;

/** One contact, without its lists. */
export async function findContact(sql: Queryable, { workspaceId, id }: ContactRef): Promise<ContactRecord | undefined> {
  const [row] = await sql<ContactRecord[]>`
    select ${sql.unsafe(contactColumns)} from contact c where c.lane = ${laneOf(id)} and c.id = ${id} and c.workspace_id = ${workspaceId}`;
  return row;
}

/** The same, locked against other changes until the transaction ends: whoever changes identities holds the contact. */
export async function lockContact(
  sql: Transaction,
  { workspaceId, id }: ContactRef,
): Promise<ContactRecord | undefined> {
  const [row] = await sql<ContactRecord[]>`
    select ${sql.unsafe(contactColumns)} from contact c
     where c.lane = ${laneOf(id)} and c.id = ${id} and c.workspace_id = ${workspaceId} for update`;
  return row;
}

/** Locks several contacts against other changes, in one order, and returns those that are there. */
export async function lockContacts(sql: Transaction, keys: readonly ContactKey[]): Promise<ContactRecord[]> {
  return sql<ContactRecord[]>`
    select ${sql.unsafe(contactColumns)}
      from unnest(${keys.map(({ lane }) => lane)}::smallint[], ${keys.map(({ id }) => id)}::uuid[]) as k(lane, id)
      join contact c on c.lane = k.lane and c.id = k.id
     order by c.lane, c.id for update of c`;
}

/** The same for contacts of one workspace, by their ids. */
export async function lockContactsOf(
  sql: Transaction,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
): Promise<ContactRecord[]> {
  return sql<ContactRecord[]>`
    select ${sql.unsafe(contactColumns)}
      from unnest(${ids.map(laneOf)}::smallint[], ${[...ids]}::uuid[]) as k(lane, id)
      join contact c on c.lane = k.lane and c.id = k.id and c.workspace_id = ${workspaceId}
     order by c.lane, c.id for update of c`;
}

/** Several contacts of one workspace, without their lists, in no order. */
export async function findContacts(
  sql: Queryable,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
) {
  return sql<ContactRecord[]>`
    select ${sql.unsafe(contactColumns)}
      from unnest(${ids.map(laneOf)}::smallint[], ${[...ids]}::uuid[]) as k(lane, id)
      join contact c on c.lane = k.lane and c.id = k.id and c.workspace_id = ${workspaceId}`;
}

/** A page of the contacts of a workspace by its place, newest first, and how many there are. */
export async function pageContacts(
  sql: Queryable,
  { workspaceId, offset, limit }: { workspaceId: string; offset: number; limit: number },
): Promise<{ count: number; rows: ContactRecord[] }> {
  const [[counted], rows] = await Promise.all([
    sql<[{ count: number }]>`select count(*) as count from contact c where c.workspace_id = ${workspaceId}`,
    sql<ContactRecord[]>`
      select ${sql.unsafe(contactColumns)}
        from (select lane, id from contact where workspace_id = ${workspaceId} order by id desc offset ${offset} limit ${limit}) as k
        join contact c on c.lane = k.lane and c.id = k.id
       order by c.id desc`,
  ]);
  return { count: counted.count, rows };
}

export type ContactFilter = {
  workspaceId: string;
  ids: readonly string[] | null;
  tag: string | null;
  listId: string | null;
  createdAfter: Date | null;
  createdBefore: Date | null;
  where: Condition | null;
  before: string | null;
  limit: number;
  now: Date;
  /** A part of all contacts, from 0 to 1, chosen by random bits of their ids: always the same ones. */
  share?: number;
};

/** A page of the contacts that fit all of the filter, newest first. `where` may look at the contact only. */
export async function listContactRecords(sql: Queryable, filter: ContactFilter): Promise<ContactRecord[]> {
  const params: unknown[] = [];
  const bind = (value: string, type: string) => `$${params.push(value)}::text::${type}`;
  const parts = [`c.workspace_id = ${bind(filter.workspaceId, "uuid")}`];
  if (filter.ids)
    parts.push(
      `(c.lane, c.id) in (select * from unnest(${bind(`{${filter.ids.map(laneOf).join()}}`, "smallint[]")}, ${bind(`{${filter.ids.join()}}`, "uuid[]")}))`,
    );
  if (filter.tag !== null) parts.push(`${bind(filter.tag, "text")} = any (c.tags)`);
  if (filter.listId) {
    parts.push(
      `exists (select 1 from membership m where m.lane = c.lane and m.contact_id = c.id and m.list_id = ${bind(filter.listId, "uuid")} and m.state = 'subscribed')`,
    );
  }
  if (filter.createdAfter) parts.push(`c.created_at >= ${bind(filter.createdAfter.toISOString(), "timestamptz")}`);
  if (filter.createdBefore) parts.push(`c.created_at < ${bind(filter.createdBefore.toISOString(), "timestamptz")}`);
  if (filter.share !== undefined)
    parts.push(
      `('x' || substr(c.id::text, 29, 4))::bit(16)::int < ${bind(String(Math.round(filter.share * 65536)), "int")}`,
    );
  if (filter.where) {
    const context = { params, now: filter.now, activity: activityOfContact };
    parts.push(conditionToSql(filter.where, contactFilterColumns(params), context));
  }
  if (filter.before) parts.push(`c.id < ${bind(filter.before, "uuid")}`);
  const text = `select ${contactColumns} from contact c where ${parts.join(" and ")} order by c.id desc limit ${bind(String(filter.limit), "int")}`;
  return sql.unsafe<ContactRecord[]>(text, params as string[]);
}
