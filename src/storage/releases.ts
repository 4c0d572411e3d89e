import type { Run } from "../core/flow/run.ts";
import type { Queryable, Transaction } from "./database.ts";
import type { OutboxKey } from "./outbox.ts";
import { runColumns } from "./runs.ts";

/** The runs of a flow in a lane that the caller holds. */
export type Held = { lane: number; flowId: string; limit: number };

/** Puts runs of the flow aside that were due by `before` and that no pass has met. Returns how many. */
export async function parkOverdue(sql: Transaction, { lane, flowId, limit }: Held, before: Date): Promise<number> {
  const rows = await sql`
    with due as (
      select ctid from run where lane = ${lane} and wake_at <= ${before} and flow_id = ${flowId} order by wake_at limit ${limit}
    )
    update run r set parked_wake_at = r.wake_at, wake_at = null from due where r.ctid = due.ctid`;
  return rows.count;
}

/** How many runs of the flow are put aside in the lane. */
export async function countParked(sql: Queryable, { lane, flowId }: Omit<Held, "limit">): Promise<number> {
  const [row] = await sql<[{ count: number }]>`
    select count(*)::int as count from run where lane = ${lane} and flow_id = ${flowId} and parked_wake_at is not null`;
  return row.count;
}

/** How many effects and answers of the flow are held in the lane. */
export async function countHeldEffects(sql: Queryable, { lane, flowId }: Omit<Held, "limit">): Promise<number> {
  const [row] = await sql<[{ count: number }]>`
    select count(*)::int as count from outbox where lane = ${lane} and flow_id = ${flowId} and held`;
  return row.count;
}

/** Runs that are put aside, longest due first. */
export async function loadParked(sql: Queryable, { lane, flowId, limit }: Held): Promise<Run[]> {
  return sql<Run[]>`
    select ${runColumns(sql)} from run r
     where r.lane = ${lane} and r.flow_id = ${flowId} and r.parked_wake_at is not null order by r.parked_wake_at limit ${limit}`;
}

/** Those of them whose contact has a newer one. */
export async function loadOutdated(sql: Queryable, { lane, flowId, limit }: Held): Promise<Run[]> {
  return sql<Run[]>`
    select ${runColumns(sql)} from run r
     where r.lane = ${lane} and r.flow_id = ${flowId} and r.parked_wake_at is not null
       and exists (
         select from run n
          where n.lane = r.lane and n.contact_id = r.contact_id and n.ended_at is null and n.flow_id = r.flow_id
            and n.parked_wake_at is not null and n.id > r.id
       )
     order by r.parked_wake_at limit ${limit}`;
}

/** Makes runs due that were put aside, longest due first: the first at `from`, each next one `stepMs` later. Returns how many. */
export async function wakeParked(
  sql: Transaction,
  { lane, flowId, limit }: Held,
  { from, stepMs }: { from: Date; stepMs: number },
): Promise<number> {
  const rows = await sql`
    with parked as (
      select ctid, row_number() over (order by parked_wake_at) - 1 as place
        from (
          select ctid, parked_wake_at from run
           where lane = ${lane} and flow_id = ${flowId} and parked_wake_at is not null order by parked_wake_at limit ${limit}
        ) first
    )
    update run r set wake_at = ${from}::timestamptz + p.place * ${stepMs}::float8 * interval '1 millisecond', parked_wake_at = null
      from parked p where r.ctid = p.ctid`;
  return rows.count;
}

/** Lets answers and effects of the flow go on that were held; those that were not due before `from` keep their instant. Returns how many. */
export async function releaseOutbox(
  sql: Transaction,
  { lane, flowId, limit }: Held,
  { from, stepMs }: { from: Date; stepMs: number },
): Promise<number> {
  const rows = await sql`
    with held as (
      select ctid, row_number() over (order by due_at) - 1 as place
        from (select ctid, due_at from outbox where lane = ${lane} and flow_id = ${flowId} and held order by due_at limit ${limit}) first
    )
    update outbox o
       set held = false, due_at = greatest(o.due_at, ${from}::timestamptz + h.place * ${stepMs}::float8 * interval '1 millisecond')
      from held h where o.ctid = h.ctid`;
  return rows.count;
}

export type HeldEffect = OutboxKey & { contactId: string; messageId: string | null; awaited: boolean };

/** Takes effects of the flow out of the outbox that were held and not begun. */
export async function dropEffects(sql: Transaction, { lane, flowId, limit }: Held): Promise<HeldEffect[]> {
  return sql<HeldEffect[]>`
    with dropped as (
      select ctid from outbox where lane = ${lane} and flow_id = ${flowId} and held and not answered limit ${limit}
    )
    delete from outbox o using dropped d where o.ctid = d.ctid
    returning o.lane, o.run_id as "runId", o.visit, o.ordinal, o.contact_id as "contactId", o.message_id as "messageId", o.awaited`;
}
