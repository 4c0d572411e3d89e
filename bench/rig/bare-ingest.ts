import type { JsonObject } from "../../src/core/json.ts";
import type { Sql } from "../../src/storage/database.ts";

export type BareEvent = { name: string; contact: { email: string; properties: JsonObject }; payload: JsonObject };

type Waiting = { event: BareEvent; resolve: () => void; reject: (error: unknown) => void };

const maxBatch = 500;
const maxInFlight = 2;

/** Makes two tables, and a function that commits an event and its contact to them, in batches as they gather. */
export async function createBareIngest(sql: Sql): Promise<(event: BareEvent) => Promise<void>> {
  await sql`create table bare_contact (id bigint generated always as identity primary key, email text unique, properties jsonb not null, updated_at timestamptz default now())`;
  await sql`create table bare_ingest (id bigint generated always as identity primary key, contact_id bigint not null, name text not null, payload jsonb not null, at timestamptz default now())`;
  const waiting: Waiting[] = [];
  let inFlight = 0;

  function pump(): void {
    if (inFlight >= maxInFlight || waiting.length === 0) return;
    const batch = waiting.splice(0, maxBatch);
    inFlight += 1;
    write(
      sql,
      batch.map(({ event }) => event),
    )
      .then(
        () => batch.forEach(({ resolve }) => void resolve()),
        (error) => batch.forEach(({ reject }) => void reject(error)),
      )
      .finally(() => {
        inFlight -= 1;
        pump();
      });
  }

  return (event) =>
    new Promise((resolve, reject) => {
      waiting.push({ event, resolve, reject });
      pump();
    });
}

async function write(sql: Sql, batch: readonly BareEvent[]): Promise<void> {
  const byEmail = new Map(batch.map((event) => [event.contact.email, event]));
  // Sorted: one order of locks, and no deadlocks.
  const emails = [...byEmail.keys()].sort();
  const properties = emails.map((email) => JSON.stringify(byEmail.get(email)?.contact.properties));
  await sql`
    with c as (
      insert into bare_contact (email, properties)
      select e, p::jsonb from unnest(${emails}::text[], ${properties}::text[]) t(e, p)
      on conflict (email) do update set properties = bare_contact.properties || excluded.properties, updated_at = now()
      returning id, email
    )
    insert into bare_ingest (contact_id, name, payload)
    select c.id, n, p::jsonb
      from unnest(${batch.map(({ contact }) => contact.email)}::text[], ${batch.map(({ name }) => name)}::text[],
                  ${batch.map(({ payload }) => JSON.stringify(payload))}::text[]) t(e, n, p)
      join c on c.email = t.e`;
}
