import type { EffectAnswer } from "../core/flow/effect.ts";
import type { Queryable, Transaction } from "./database.ts";
import { jsonOf, recordset } from "./rows.ts";

export type StoppedEffect = { messageId: string | null };

/** Takes the effects of a run out of the outbox, but for those that a process is performing right now. */
export async function stopRunEffects(
  sql: Transaction,
  { lane, runId }: { lane: number; runId: string },
): Promise<StoppedEffect[]> {
  return sql<StoppedEffect[]>`
    delete from outbox where lane = ${lane} and run_id = ${runId} and leased_by is null returning message_id as "messageId"`;
}

/** The same for many runs. What somebody is about to take is left to them. */
export async function stopEffectsOfRuns(
  sql: Transaction,
  runs: readonly { lane: number; runId: string }[],
): Promise<{ runId: string; messageId: string | null }[]> {
  return sql<{ runId: string; messageId: string | null }[]>`
    with stopped as (
      select o.lane, o.run_id, o.visit, o.ordinal
        from ${recordset(sql, runs, 'lane smallint, "runId" uuid')} as k
       cross join lateral (
         select lane, run_id, visit, ordinal from outbox
          where outbox.lane = k.lane and outbox.run_id = k."runId" and leased_by is null offset 0
            for update skip locked
       ) o
    )
    delete from outbox o using stopped s
     where o.lane = s.lane and o.run_id = s.run_id and o.visit = s.visit and o.ordinal = s.ordinal
    returning o.run_id as "runId", o.message_id as "messageId"`;
}

/** The same for all effects of a contact. What is being performed goes too: nobody is left to hear of it. */
export async function stopContactEffects(
  sql: Transaction,
  { lane, contactId }: { lane: number; contactId: string },
): Promise<StoppedEffect[]> {
  // In the order of `lockEffects`, and apart: a row that was changed while its lock was waited for is deleted as it is now.
  await sql`
    select from outbox where lane = ${lane} and contact_id = ${contactId} order by run_id, visit, ordinal for update`;
  return sql<StoppedEffect[]>`
    delete from outbox where lane = ${lane} and contact_id = ${contactId} returning message_id as "messageId"`;
}

/** The run that the effect of a message belongs to, whether it waits, and whether a process is performing it; undefined when it is gone. */
export async function lockMessageEffect(
  sql: Transaction,
  { lane, runId, messageId }: { lane: number; runId: string; messageId: string },
) {
  const [row] = await sql<{ visit: number; ordinal: number; awaited: boolean; isLeased: boolean }[]>`
    select visit, ordinal, awaited, leased_by is not null as "isLeased"
      from outbox where lane = ${lane} and run_id = ${runId} and message_id = ${messageId} for update`;
  return row;
}

type EffectKey = { lane: number; runId: string; visit: number; ordinal: number };

/** Makes an effect due at `now`, as if for the first time. */
export async function restartEffect(
  sql: Queryable,
  { lane, runId, visit, ordinal }: EffectKey,
  now: Date,
): Promise<void> {
  await sql`
    update outbox set leased_by = null, attempt = 0, first_due_at = ${now}, due_at = ${now}, put_off = null
     where lane = ${lane} and run_id = ${runId} and visit = ${visit} and ordinal = ${ordinal}`;
}

/** Ends an effect without performing it: taken away, or answered when a run waits for it. */
export async function cancelEffect(
  sql: Queryable,
  effect: EffectKey & { awaited: boolean },
  answer: EffectAnswer,
): Promise<void> {
  const { lane, runId, visit, ordinal } = effect;
  if (effect.awaited) {
    await sql`
      update outbox set answered = true, answer = ${jsonOf(answer)}::text::json, leased_by = null
       where lane = ${lane} and run_id = ${runId} and visit = ${visit} and ordinal = ${ordinal}`;
  } else {
    await sql`delete from outbox where lane = ${lane} and run_id = ${runId} and visit = ${visit} and ordinal = ${ordinal}`;
  }
}
