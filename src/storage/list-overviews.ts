import type { MembershipState } from "../core/contact.ts";
import type { Queryable } from "./database.ts";
import { type ListRow, listColumns } from "./lists.ts";

export type ListOverviewRow = ListRow & { members: Record<MembershipState, number> };
export type ListOrder = "name" | "created";

type OverviewPage = { workspaceId: string; order: ListOrder; isDescending: boolean; offset: number; limit: number };

/** A page of lists with how many members each has in every state. */
export async function pageListOverviews(sql: Queryable, page: OverviewPage): Promise<ListOverviewRow[]> {
  const direction = page.isDescending ? sql`desc` : sql`asc`;
  const order = page.order === "name" ? sql`lower(name) ${direction}, number` : sql`number ${direction}`;
  return sql<ListOverviewRow[]>`
    select l.*, m.members
      from (select ${listColumns(sql)} from list where workspace_id = ${page.workspaceId} order by ${order} offset ${page.offset} limit ${page.limit}) l
     cross join lateral (
       select jsonb_build_object(
                'subscribed', count(*) filter (where state = 'subscribed'),
                'unsubscribed', count(*) filter (where state = 'unsubscribed'),
                'unconfirmed', count(*) filter (where state = 'unconfirmed')) as members
         from membership where list_id = l.id
     ) m
     order by ${order}`;
}

export type DailyMembers = { day: string; joined: number; left: number };

/** On which days (UTC) between two instants how many came into a list, and how many unsubscribed; days without either are left out. */
export async function countDailyMembers(
  sql: Queryable,
  { listId, from, to }: { listId: string; from: Date; to: Date },
): Promise<DailyMembers[]> {
  return sql<DailyMembers[]>`
    select to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day, count(*) filter (where is_join) as joined, count(*) filter (where not is_join) as left
      from (
        select joined_at as at, true as is_join from membership where list_id = ${listId} and joined_at >= ${from} and joined_at < ${to}
         union all
        select updated_at, false from membership
         where list_id = ${listId} and state = 'unsubscribed' and updated_at >= ${from} and updated_at < ${to}
      ) as moves
     group by 1 order by 1`;
}
