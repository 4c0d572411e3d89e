import type { ContactKey } from "./contacts.ts";
import type { Queryable } from "./database.ts";
import { rowsOf } from "./rows.ts";

export type AdmissionRow = {
  lane: number;
  contactId: string;
  flowId: string;
  key: string | null;
  runId: string;
  at: Date;
};

/** When these contacts last entered flows, by flow and key. */
export async function loadAdmissions(sql: Queryable, contacts: readonly ContactKey[]): Promise<AdmissionRow[]> {
  return sql<AdmissionRow[]>`
    select a.lane, a.contact_id as "contactId", a.flow_id as "flowId", nullif(a.key, '') as key, a.run_id as "runId", a.last_at as at
      from json_to_recordset(${rowsOf(contacts)}::text::json) as k(lane smallint, id uuid)
      join admission a on a.lane = k.lane and a.contact_id = k.id`;
}

/** Remembers that contacts entered flows. Several entries of one contact, flow and key count as the last. */
export async function saveAdmissions(sql: Queryable, admissions: readonly AdmissionRow[]): Promise<void> {
  const last = new Map(admissions.map((row) => [`${row.contactId}|${row.flowId}|${row.key ?? ""}`, row]));
  await sql`
    insert into admission as a (lane, contact_id, flow_id, key, run_id, last_at)
    select lane, "contactId", "flowId", coalesce(key, ''), "runId", at
      from json_to_recordset(${rowsOf([...last.values()])}::text::json)
        as k(lane smallint, "contactId" uuid, "flowId" uuid, key text, "runId" uuid, at timestamptz)
    on conflict (lane, contact_id, flow_id, key) do update
       set run_id = excluded.run_id, last_at = excluded.last_at, times = a.times + 1`;
}
