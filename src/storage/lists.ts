import type { MembershipState } from "../core/contact.ts";
import type { ListField } from "../core/list-field.ts";
import type { Queryable, Transaction } from "./database.ts";
import { jsonOf } from "./rows.ts";

export type ListRow = {
  id: string;
  workspaceId: string;
  /** Small, and the same for ever: for people, and for the APIs that know lists by number. */
  number: number;
  name: string;
  description: string;
  fields: ListField[];
  createdAt: Date;
};

/** The columns of a list, for queries of its kind. */
export function listColumns(sql: Queryable) {
  return sql`id, workspace_id as "workspaceId", number, name, description, fields, created_at as "createdAt"`;
}

/** Stores a list. Undefined when the workspace has one of that name. */
export async function insertList(sql: Queryable, list: Omit<ListRow, "number">): Promise<ListRow | undefined> {
  const [row] = await sql<ListRow[]>`
    insert into list (id, workspace_id, name, description, fields, created_at)
    values (${list.id}, ${list.workspaceId}, ${list.name}, ${list.description}, ${jsonOf(list.fields)}::text::jsonb, ${list.createdAt})
    on conflict (workspace_id, name) do nothing
    returning ${listColumns(sql)}`;
  return row;
}

export type ListRef = { workspaceId: string; id: string };

export async function findList(sql: Queryable, { workspaceId, id }: ListRef): Promise<ListRow | undefined> {
  const [row] = await sql<
    ListRow[]
  >`select ${listColumns(sql)} from list where workspace_id = ${workspaceId} and id = ${id}`;
  return row;
}

/** A list by its number. */
export async function findListByNumber(
  sql: Queryable,
  { workspaceId, number }: { workspaceId: string; number: number },
): Promise<ListRow | undefined> {
  const [row] = await sql<
    ListRow[]
  >`select ${listColumns(sql)} from list where workspace_id = ${workspaceId} and number = ${number}`;
  return row;
}

/** What these lists are called, by id. */
export async function listNames(
  sql: Queryable,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
): Promise<Record<string, string>> {
  const rows = await sql<{ id: string; name: string }[]>`
    select id, name from list where workspace_id = ${workspaceId} and id = any(${[...ids]}::uuid[])`;
  return Object.fromEntries(rows.map(({ id, name }) => [id, name]));
}

/** Locks a list against other changes until the transaction ends. */
export async function lockList(sql: Queryable, { workspaceId, id }: ListRef): Promise<ListRow | undefined> {
  const [row] = await sql<
    ListRow[]
  >`select ${listColumns(sql)} from list where workspace_id = ${workspaceId} and id = ${id} for update`;
  return row;
}

/** Those of `ids` that are lists of the workspace. They cannot be deleted before the transaction ends. */
export async function holdLists(
  sql: Queryable,
  { workspaceId, ids }: { workspaceId: string; ids: readonly string[] },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from list where workspace_id = ${workspaceId} and id = any(${[...ids]}::uuid[]) order by id for key share`;
  return rows.map(({ id }) => id);
}

/** A page of lists, newest first; `before` is the id of the last one seen. */
export async function pageLists(
  sql: Queryable,
  page: { workspaceId: string; before: string | null; limit: number },
): Promise<ListRow[]> {
  return sql<ListRow[]>`
    select ${listColumns(sql)} from list
     where workspace_id = ${page.workspaceId} and (${page.before}::uuid is null or id < ${page.before}::uuid)
     order by id desc limit ${page.limit}`;
}

const uniqueViolation = "23505";

/** Saves name, description and fields. False when another list of the workspace has the name; the transaction must then be given up. */
export async function saveList(sql: Queryable, list: ListRow): Promise<boolean> {
  try {
    await sql`
      update list set name = ${list.name}, description = ${list.description}, fields = ${jsonOf(list.fields)}::text::jsonb
       where id = ${list.id}`;
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === uniqueViolation) return false;
    throw error;
  }
}

/** Takes a list away; its memberships stay. */
export async function removeList(sql: Transaction, id: string): Promise<void> {
  await sql`delete from list where id = ${id}`;
}

export type RemovedMember = { lane: number; contactId: string; state: MembershipState };

/** Takes the first members after a contact out of a list, and returns them. */
export async function takeOutMembers(
  sql: Transaction,
  { listId, after, limit }: { listId: string; after: string; limit: number },
): Promise<RemovedMember[]> {
  // In the order in which `setMemberships` writes, so that the two cannot deadlock.
  return sql<RemovedMember[]>`
    with held as materialized (
      select lane, contact_id from membership where list_id = ${listId} and contact_id > ${after} order by contact_id limit ${limit} for update
    )
    delete from membership m using held h
     where m.lane = h.lane and m.contact_id = h.contact_id and m.list_id = ${listId}
    returning m.lane, m.contact_id as "contactId", m.state`;
}

export type MemberRow = { contactId: string; state: MembershipState; joinedAt: Date; updatedAt: Date };

/** A page of a list's members, newest contact first. */
export async function pageMembers(
  sql: Queryable,
  page: { listId: string; state: MembershipState | null; before: string | null; limit: number },
): Promise<MemberRow[]> {
  return sql<MemberRow[]>`
    select contact_id as "contactId", state, joined_at as "joinedAt", updated_at as "updatedAt"
      from membership
     where list_id = ${page.listId}
       and (${page.state}::text is null or state = ${page.state})
       and (${page.before}::uuid is null or contact_id < ${page.before}::uuid)
     order by contact_id desc limit ${page.limit}`;
}

/** How many members a list has in each state. */
export async function countMembers(sql: Queryable, listId: string): Promise<Record<MembershipState, number>> {
  const rows = await sql<{ state: MembershipState; count: number }[]>`
    select state, count(*) as count from membership where list_id = ${listId} group by state`;
  return {
    subscribed: 0,
    unsubscribed: 0,
    unconfirmed: 0,
    ...Object.fromEntries(rows.map(({ state, count }) => [state, count])),
  };
}
