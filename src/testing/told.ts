import type { TrailEntry } from "../core/flow/run.ts";
import type { Sql } from "../storage/database.ts";
import { loadOutcomes } from "../storage/event-reads.ts";

/** What happened to one contact, as simulator and engine both tell it: without ids, and in an order that does not depend on them. */
export type Told = { runs: unknown[]; outcomes: unknown[]; messages: unknown[]; contact: unknown };

export function sorted(rows: readonly unknown[]): unknown[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

/** The steps of a run; those of one visit and instant come in any order, for what became of effects is written apart. */
export function toldPath(steps: readonly TrailEntry[]): string[] {
  const words = steps.map(({ visit, at, step, outcome, exit, reason }) => ({
    place: `${String(visit).padStart(5, "0")} ${at}`,
    text: [step, outcome, exit, reason].join(" "),
  }));
  return words.map(({ place, text }) => `${place} ${text}`).sort();
}

/** What the engine has on record of a contact and a flow. */
export async function recorded(sql: Sql, { flowId, contactId }: { flowId: string; contactId: string }): Promise<Told> {
  const runs = await sql<{ id: string; wakeAt: Date | null }[]>`
    select id, entry, key, status, step, reason, wake_at as "wakeAt" from run where flow_id = ${flowId} and contact_id = ${contactId}`;
  const trail = await sql<{ runId: string; entries: TrailEntry[] }[]>`
    select run_id as "runId", entries from trail where run_id = any(${runs.map(({ id }) => id)}::uuid[])`;
  const events = await sql<{ id: string; name: string }[]>`select id, name from event where contact_id = ${contactId}`;
  const names = new Map(events.map(({ id, name }) => [id, name]));
  const outcomes = await loadOutcomes(sql, { contactId, eventIds: [...names.keys()] });
  const messages = await sql<{ at: Date; sentAt: Date | null; step: string; subject: string; status: string }[]>`
    select created_at as at, sent_at as "sentAt", step, subject, status from message where flow_id = ${flowId} and contact_id = ${contactId}`;
  const [contact] = await sql`
    select properties->>'seen' as seen, tags,
           array(select segment_id::text from segment_member m where m.contact_id = c.id order by 1) as segments,
           array(select list_id::text from membership m where m.contact_id = c.id and state = 'subscribed' order by 1) as lists
      from contact c where id = ${contactId}`;
  return {
    runs: sorted(
      runs.map(({ id, wakeAt, ...run }) => ({
        ...run,
        wakeAt: wakeAt?.toISOString() ?? null,
        path: toldPath(trail.flatMap((row) => (row.runId === id ? row.entries : []))),
      })),
    ),
    outcomes: sorted(
      outcomes
        .filter((outcome) => outcome.flowId === flowId)
        .map(({ at, eventId, entry, outcome, reason }) =>
          [at.toISOString(), names.get(eventId), entry, outcome, reason].join(),
        ),
    ),
    messages: sorted(
      messages.map(({ at, sentAt, ...message }) => ({
        ...{ at: at.toISOString(), sentAt: sentAt?.toISOString() ?? null },
        ...message,
      })),
    ),
    contact,
  };
}
