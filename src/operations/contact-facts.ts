import type { ConditionReads } from "../core/condition/reads.ts";
import { earliestNeeded } from "../core/condition/window.ts";
import type { Contact } from "../core/contact.ts";
import type { Activity } from "../core/flow/activity.ts";
import { loadActivity, type WantedActivity } from "../storage/activity.ts";
import type { ContactKey, ContactRow } from "../storage/contacts.ts";
import type { Queryable } from "../storage/database.ts";
import { loadMemberships } from "../storage/memberships.ts";
import { loadSegments } from "../storage/segment-members.ts";

/** What is asked of the activity of one contact. */
export type ActivityQuestion = { key: ContactKey; reads: readonly ConditionReads[] };

/** What contacts have done, as far as it is asked for, by contact id: in one query, or in none when nothing is asked. */
export async function loadReads(
  sql: Queryable,
  questions: readonly ActivityQuestion[],
  now: Date,
): Promise<Map<string, Activity>> {
  const wanted = questions.flatMap(({ key, reads }) => (reads.length === 0 ? [] : wantedOf(key, reads, now)));
  return wanted.length === 0 ? new Map() : loadActivity(sql, wanted);
}

/** Contacts with everything that conditions can look at of them. */
export async function withAllFacts(
  sql: Queryable,
  contacts: readonly ContactRow[],
  { reads, now }: { reads: readonly ConditionReads[]; now: Date },
): Promise<Contact[]> {
  const keys = contacts.map(({ lane, id }) => ({ lane, id }));
  const [memberships, segments, activity] = await Promise.all([
    loadMemberships(sql, keys),
    loadSegments(sql, keys),
    loadReads(
      sql,
      keys.map((key) => ({ key, reads })),
      now,
    ),
  ]);
  const lists = new Map<string, Contact["lists"]>();
  for (const { contactId, listId, state } of memberships)
    lists.set(contactId, { ...lists.get(contactId), [listId]: state });
  return contacts.map((contact) => ({
    ...contact,
    lists: lists.get(contact.id) ?? {},
    segments: segments.get(contact.id) ?? [],
    activity: activity.get(contact.id) ?? { events: [], messages: [] },
  }));
}

/** One row for each name, however many conditions ask for it. */
function wantedOf({ lane, id }: ContactKey, reads: readonly ConditionReads[], now: Date): WantedActivity[] {
  const wanted = new Map<string, WantedActivity>();
  const about = { lane, contactId: id };
  for (const { events, messages } of reads) {
    for (const { name, within, payload } of events) {
      const since = within === null ? null : earliestNeeded(within, now);
      const known = wanted.get(`event|${name}`) ?? { ...about, sort: "event" as const, name, since, payload: false };
      known.payload ||= payload;
      if (known.since !== null && (since === null || since < known.since)) known.since = since;
      wanted.set(`event|${name}`, known);
    }
    for (const name of messages)
      wanted.set(`message|${name}`, { ...about, sort: "message", name, since: null, payload: false });
  }
  return [...wanted.values()];
}
