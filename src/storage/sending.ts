import type { CountedMessage } from "../core/message/frequency-cap.ts";
import type { ContactKey } from "./contacts.ts";
import type { Queryable, Transaction } from "./database.ts";
import { recordset } from "./rows.ts";

/** The time zones of contacts that have one of their own. */
export async function loadTimeZones(sql: Queryable, contacts: readonly ContactKey[]): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; timeZone: string }[]>`
    select c.id, c.time_zone as "timeZone"
      from ${recordset(sql, contacts, "lane smallint, id uuid")} as k
     cross join lateral (
       select id, time_zone from contact where contact.lane = k.lane and contact.id = k.id and time_zone is not null offset 0
     ) c`;
  return new Map(rows.map(({ id, timeZone }) => [id, timeZone]));
}

// Any number, the same in all processes: the locks of contacts whose messages are being counted.
const countingLocks = 6_137_201;

/**
 * Keeps all others from counting and sending messages of these contacts until the transaction ends. Not the rows of the contacts
 * themselves: events that change those need not wait for mails.
 */
export async function lockForCounting(sql: Transaction, contactIds: readonly string[]): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(${countingLocks}, k.key)
      from (select distinct hashtext(id) as key from unnest(${[...contactIds]}::text[]) as id order by 1) as k`;
}

export type CountedFor = { contactId: string; message: CountedMessage };

// A message can be begun long after it was made: held for a night, tried again for days, sent again by a person.
const slackMs = 31 * 86_400_000;
const mostPerContact = 1000;

/**
 * The marketing messages of these contacts that were begun or sent after `since` and may have arrived, newest first, at most a thousand each.
 * Goes by the ids of messages, which are in the order of time: those made more than a month before `since` are not looked at.
 */
export async function loadCounted(sql: Queryable, contacts: readonly ContactKey[], since: Date): Promise<CountedFor[]> {
  const madeAfter = new Date(since.getTime() - slackMs);
  const rows = await sql<(CountedMessage & { contactId: string })[]>`
    select m.contact_id as "contactId", m.id, m.channel, m.topic, m.at
      from ${recordset(sql, contacts, "lane smallint, id uuid")} as k
     cross join lateral (
       select contact_id, id, channel, topic, greatest(begun_at, sent_at) as at from message
        where message.lane = k.lane and message.contact_id = k.id and message.id >= uuid_floor(${madeAfter})
          and purpose = 'marketing' and greatest(begun_at, sent_at) > ${since}
          and status in ('queued', 'deferred', 'sent', 'unknown')
        order by message.id desc limit ${mostPerContact}
     ) m`;
  return rows.map(({ contactId, ...message }) => ({ contactId, message }));
}

/** Notes that messages are about to be handed over, where caps count them. */
export async function markBegun(
  sql: Queryable,
  messages: readonly { lane: number; contactId: string; id: string }[],
  at: Date,
): Promise<void> {
  await sql`
    update message m set begun_at = ${at}
      from ${recordset(sql, messages, 'lane smallint, "contactId" uuid, id uuid')} as k
     where m.lane = k.lane and m.contact_id = k."contactId" and m.id = k.id`;
}
