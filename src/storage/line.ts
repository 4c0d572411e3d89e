import type { Priority } from "../core/flow/priority.ts";
import { laneCount } from "../core/id.ts";
import type { Queryable } from "./database.ts";

/** True when in some lane more than `length` events of a priority, or effects of it that are due, are in line. */
export async function isLineLong(
  sql: Queryable,
  { priority, length, now }: { priority: Priority; length: number; now: Date },
): Promise<boolean> {
  const [row] = await sql<[{ isLong: boolean }]>`
    select exists (
      select from generate_series(0, ${laneCount - 1}) as l(lane)
       where exists (select from event_queue q where q.lane = l.lane and q.priority = ${priority} offset ${length})
          or exists (select from outbox o
                      where o.lane = l.lane and o.kind in ('email', 'http') and o.priority = ${priority} and o.due_at <= ${now}
                        and o.leased_by is null and not o.answered offset ${length})
    ) as "isLong"`;
  return row.isLong;
}
