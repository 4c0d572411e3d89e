import type { PendingQuery, Row } from "postgres";
import type { EffectAnswer, EffectKind } from "../core/flow/effect.ts";
import { type Priority, priorities } from "../core/flow/priority.ts";
import type { JsonObject } from "../core/json.ts";
import type { Queryable, Transaction } from "./database.ts";
import { located, recordset } from "./rows.ts";

export type OutboxKey = { lane: number; runId: string; visit: number; ordinal: number };

/** An effect that waits to be performed. `attempt` counts the attempts that ended; `messageId` is set for messages. */
export type OutboxRow = OutboxKey & {
  kind: EffectKind;
  workspaceId: string;
  contactId: string;
  flowId: string;
  version: number;
  step: string;
  messageId: string | null;
  data: JsonObject;
  awaited: boolean;
  attempt: number;
  firstDueAt: Date;
  dueAt: Date;
  priority: Priority;
  /** The rule that put it off, when one did. */
  putOff: string | null;
};

/** The columns of an `OutboxKey`, and how they find a row. */
export const keyShape = 'lane smallint, "runId" uuid, visit integer, ordinal smallint';
const keyMatch =
  'outbox.lane = k.lane and outbox.run_id = k."runId" and outbox.visit = k.visit and outbox.ordinal = k.ordinal';

/**
 * Puts effects into the outbox. With a `leasedBy` they are born leased: the process that decided them performs them without
 * asking the database again.
 */
export function insertEffects(
  sql: Queryable,
  effects: readonly (OutboxRow & { leasedBy: string | null })[],
): PendingQuery<Row[]> {
  return sql`
    insert into outbox (lane, run_id, visit, ordinal, kind, workspace_id, contact_id, flow_id, version, step, message_id, data, awaited,
                        attempt, first_due_at, due_at, priority, leased_by)
    select lane, "runId", visit, ordinal, kind, "workspaceId", "contactId", "flowId", version, step, "messageId", data, awaited,
           attempt, "firstDueAt", "dueAt", priority, "leasedBy"
      from ${recordset(sql, effects, 'lane smallint, "runId" uuid, visit integer, ordinal smallint, kind text, "workspaceId" uuid, "contactId" uuid, "flowId" uuid, version integer, step text, "messageId" uuid, data json, awaited boolean, attempt integer, "firstDueAt" timestamptz, "dueAt" timestamptz, priority smallint, "leasedBy" uuid')} as o`;
}

/** `lowest`: nothing less urgent is taken; all when it is absent. */
export type Claim = { worker: string; kind: EffectKind; now: Date; limit: number; lowest?: Priority };

/**
 * Takes effects of a kind that are due, by priority and then the oldest, and leases them to `worker`. Rows that another process is taking
 * are skipped. Looks first and locks then: locking what every lane offers, up to 32,000 rows to take 500, took 16 ms a call under load.
 */
export async function claimEffects(
  sql: Queryable,
  { worker, kind, now, limit, lowest = priorities.low }: Claim,
): Promise<OutboxRow[]> {
  return sql<OutboxRow[]>`
    with due as (
      select o.lane, o.run_id, o.visit, o.ordinal, o.due_at
        from lane l
       cross join (values (0::smallint), (1::smallint), (2::smallint)) as p(priority)
       cross join lateral (
         select lane, run_id, visit, ordinal, due_at from outbox
          where outbox.lane = l.lane and kind = ${kind} and outbox.priority = p.priority and due_at <= ${now}
            and leased_by is null and not answered and not held
          order by due_at limit ${limit}
       ) o
       where p.priority <= ${lowest}
       order by p.priority, o.due_at
       limit ${limit}
    ), taken as (
      select o.place from due k
       cross join lateral (
         select ctid as place from outbox
          where outbox.lane = k.lane and outbox.run_id = k.run_id and outbox.visit = k.visit and outbox.ordinal = k.ordinal
            and due_at <= ${now} and leased_by is null and not answered and not held
         offset 0
            for update skip locked
       ) o
    )
    update outbox o set leased_by = ${worker}
      from taken
     where o.ctid = taken.place
    returning o.lane, o.run_id as "runId", o.visit, o.ordinal, o.kind, o.workspace_id as "workspaceId", o.contact_id as "contactId",
              o.flow_id as "flowId", o.version, o.step, o.message_id as "messageId", o.data, o.awaited, o.attempt,
              o.first_due_at as "firstDueAt", o.due_at as "dueAt", o.priority, o.put_off as "putOff"`;
}

/** When the next unleased effect of a kind, of priority `lowest` or more urgent, is due, or null. */
export async function nextEffectDue(
  sql: Queryable,
  kind: EffectKind,
  lowest: Priority = priorities.low,
): Promise<Date | null> {
  const [row] = await sql<{ dueAt: Date | null }[]>`
    select min(o.due_at) as "dueAt"
      from lane l
     cross join lateral (
       select min(due_at) as due_at
         from (values (0::smallint), (1::smallint), (2::smallint)) as p(priority)
        cross join lateral (
          select due_at from outbox
           where outbox.lane = l.lane and kind = ${kind} and outbox.priority = p.priority and leased_by is null and not answered and not held
           order by due_at limit 1
        ) first
        where p.priority <= ${lowest}
     ) o`;
  return row?.dueAt ?? null;
}

/**
 * Locks effects in the order of their keys. Who settles several effects of a contact locks them first, and so does who takes away all of
 * a contact: in another order the two could wait for each other.
 */
export async function lockEffects(sql: Transaction, keys: readonly OutboxKey[]): Promise<void> {
  await sql`
    select from outbox
      join ${recordset(sql, keys, keyShape)} as k on ${sql.unsafe(keyMatch)}
     order by outbox.run_id, outbox.visit, outbox.ordinal for update of outbox`;
}

export type Retried = OutboxKey & { attempt: number; dueAt: Date; firstDueAt?: Date; putOff?: string | null };

/**
 * Gives effects back to the outbox to be tried again at `dueAt`; `attempt` is the number of attempts that ended. A `firstDueAt` moves the
 * beginning, for one that a rule put off before anything was tried. Like every settling of
 * an effect it counts only while `worker` still holds the lease; returned are those for which it counted.
 */
export async function retryEffects(sql: Queryable, worker: string, rows: readonly Retried[]): Promise<OutboxKey[]> {
  return sql<OutboxKey[]>`
    update outbox o set leased_by = null, attempt = k.attempt, due_at = k."dueAt",
                        first_due_at = coalesce(k."firstDueAt", o.first_due_at), put_off = k."putOff"
      from ${locatedEffects(sql, rows, 'lane smallint, "runId" uuid, visit integer, ordinal smallint, attempt integer, "dueAt" timestamptz, "firstDueAt" timestamptz, "putOff" text')} as k
     where o.ctid = k.place and o.leased_by = ${worker}
    returning o.lane, o.run_id as "runId", o.visit, o.ordinal`;
}

/** Records answers that runs wait for; the next pass over the lane takes them. */
export async function answerEffects(
  sql: Queryable,
  worker: string,
  rows: readonly (OutboxKey & { answer: EffectAnswer })[],
): Promise<OutboxKey[]> {
  return sql<OutboxKey[]>`
    update outbox o set leased_by = null, answered = true, answer = k.answer
      from ${locatedEffects(sql, rows, 'lane smallint, "runId" uuid, visit integer, ordinal smallint, answer json')} as k
     where o.ctid = k.place and o.leased_by = ${worker}
    returning o.lane, o.run_id as "runId", o.visit, o.ordinal`;
}

/** Takes effects out of the outbox that `worker` has performed. */
export async function finishEffects(sql: Queryable, worker: string, keys: readonly OutboxKey[]): Promise<OutboxKey[]> {
  return sql<OutboxKey[]>`
    delete from outbox o
     using ${locatedEffects(sql, keys, keyShape)} as k
     where o.ctid = k.place and o.leased_by = ${worker}
    returning o.lane, o.run_id as "runId", o.visit, o.ordinal`;
}

export type AnsweredEffect = OutboxKey & {
  contactId: string;
  workspaceId: string;
  flowId: string;
  answer: EffectAnswer;
};

/** The answers waiting in these lanes, the urgent ones first, at most `perLane` each. The caller holds the lanes. */
export async function takeAnswers(
  sql: Queryable,
  lanes: readonly number[],
  perLane: number,
): Promise<AnsweredEffect[]> {
  return sql<AnsweredEffect[]>`
    select o.lane, o.run_id as "runId", o.visit, o.ordinal, o.contact_id as "contactId", o.workspace_id as "workspaceId", o.flow_id as "flowId", o.answer
      from unnest(${[...lanes]}::smallint[]) as held_lane(lane)
     cross join lateral (select * from outbox where outbox.lane = held_lane.lane and answered and not held order by priority limit ${perLane}) o`;
}

/** Takes answered effects out of the outbox: their runs have had the answers. */
export function removeAnswered(sql: Queryable, keys: readonly OutboxKey[]): PendingQuery<Row[]> {
  return sql`
    delete from outbox o
     using ${locatedEffects(sql, keys, keyShape)} as k
     where o.ctid = k.place`;
}

export function locatedEffects(sql: Queryable, rows: readonly object[], shape: string) {
  return located(sql, { table: "outbox", rows, shape, match: keyMatch });
}

/**
 * Gives back what dead processes held: those not seen for `deadAfterMs` by the clock of the database, which is the one clock that
 * all processes share. Returns how many effects that were.
 */
export async function releaseDeadLeases(sql: Queryable, deadAfterMs: number): Promise<number> {
  // Rows that their process is settling this moment are skipped: it lives, and waiting for it could become a deadlock.
  const rows = await sql`
    with dead as (
      select o.lane, o.run_id, o.visit, o.ordinal from outbox o
       where o.leased_by is not null
         and not exists (
           select 1 from worker w where w.id = o.leased_by and w.seen_at >= clock_timestamp() - ${deadAfterMs} * interval '1 millisecond'
         )
         for update of o skip locked
    )
    update outbox o set leased_by = null from dead d
     where o.lane = d.lane and o.run_id = d.run_id and o.visit = d.visit and o.ordinal = d.ordinal`;
  return rows.count;
}

/** Gives back what a process holds and will not perform any more. */
export async function releaseLeases(sql: Queryable, worker: string): Promise<void> {
  await sql`update outbox set leased_by = null where leased_by = ${worker}`;
}

/** The effects that `worker` holds. */
export async function findLeases(sql: Queryable, worker: string): Promise<OutboxKey[]> {
  return sql<OutboxKey[]>`select lane, run_id as "runId", visit, ordinal from outbox where leased_by = ${worker}`;
}

/** Gives back these effects, as far as `worker` still holds them. */
export async function releaseEffects(sql: Queryable, worker: string, keys: readonly OutboxKey[]): Promise<void> {
  await sql`
    update outbox o set leased_by = null
      from ${locatedEffects(sql, keys, keyShape)} as k
     where o.ctid = k.place and o.leased_by = ${worker}`;
}
