import type { PendingQuery, Row } from "postgres";
import type { ContactKey } from "./contacts.ts";
import type { Queryable } from "./database.ts";
import { recordset } from "./rows.ts";

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
      from ${recordset(sql, contacts, "lane smallint, id uuid")} as k
      join admission a on a.lane = k.lane and a.contact_id = k.id`;
}

export type AdmissionKey = Pick<AdmissionRow, "lane" | "contactId" | "flowId">;

/** Those of these contacts and flows where the contact has entered the flow, under no key. */
export async function findAdmissions(
  sql: Queryable,
  keys: readonly AdmissionKey[],
): Promise<Pick<AdmissionRow, "contactId" | "flowId" | "runId" | "at">[]> {
  return sql`
    select a.contact_id as "contactId", a.flow_id as "flowId", a.run_id as "runId", a.last_at as at
      from ${recordset(sql, keys, 'lane smallint, "contactId" uuid, "flowId" uuid')} as k
      join admission a on a.lane = k.lane and a.contact_id = k."contactId" and a.flow_id = k."flowId" and a.key = ''`;
}

/** Remembers that contacts entered flows. Several entries of one contact, flow and key count as the last. */
export function saveAdmissions(sql: Queryable, admissions: readonly AdmissionRow[]): PendingQuery<Row[]> {
  const last = new Map(admissions.map((row) => [`${row.contactId}|${row.flowId}|${row.key ?? ""}`, row]));
  return sql`
    insert into admission as a (lane, contact_id, flow_id, key, run_id, last_at)
    select lane, "contactId", "flowId", coalesce(key, ''), "runId", at
      from ${recordset(sql, [...last.values()], 'lane smallint, "contactId" uuid, "flowId" uuid, key text, "runId" uuid, at timestamptz')} as k
    on conflict (lane, contact_id, flow_id, key) do update
       set run_id = excluded.run_id, last_at = excluded.last_at, times = a.times + 1`;
}

export type AdmissionFact = { key: string | null; runId: string; lastAt: Date; times: number };

/** When one contact last entered one flow, by key, the latest first. */
export async function listAdmissions(
  sql: Queryable,
  { lane, contactId, flowId, limit }: { lane: number; contactId: string; flowId: string; limit: number },
): Promise<AdmissionFact[]> {
  return sql<AdmissionFact[]>`
    select nullif(key, '') as key, run_id as "runId", last_at as "lastAt", times
      from admission where lane = ${lane} and contact_id = ${contactId} and flow_id = ${flowId}
     order by last_at desc limit ${limit}`;
}
