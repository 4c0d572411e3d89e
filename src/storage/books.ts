import type { MembershipState } from "../core/contact.ts";
import type { Queryable } from "./database.ts";

/** A list with the number of its members in each state. */
export type BookRow = { id: string; number: number; name: string; createdAt: Date } & Record<MembershipState, number>;

/** Lists by their numbers, counted; only the one of `number` when it is given. */
export async function pageBooks(
  sql: Queryable,
  page: { workspaceId: string; number?: number | undefined; limit: number; offset: number },
): Promise<BookRow[]> {
  return sql<BookRow[]>`
    select l.id, l.number, l.name, l.created_at as "createdAt", m.subscribed, m.unsubscribed, m.unconfirmed
      from (
        select id, number, name, created_at from list
         where workspace_id = ${page.workspaceId} ${page.number === undefined ? sql`` : sql`and number = ${page.number}`}
         order by number limit ${page.limit} offset ${page.offset}
      ) l
     cross join lateral (
       select count(*) filter (where state = 'subscribed')::int as subscribed,
              count(*) filter (where state = 'unsubscribed')::int as unsubscribed,
              count(*) filter (where state = 'unconfirmed')::int as unconfirmed
         from membership where membership.list_id = l.id
     ) m
     order by l.number`;
}
