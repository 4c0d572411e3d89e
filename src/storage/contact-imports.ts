import type { JsonObject } from "../core/json.ts";
import type { Queryable, Transaction } from "./database.ts";
import type { JobStatus } from "./jobs.ts";
import { recordset } from "./rows.ts";

type NewImport = {
  jobId: string;
  workspaceId: string;
  listId: string;
  notificationLink: string | null;
  rows: readonly JsonObject[];
  now: Date;
};

/** Stores an import with its rows, beside its job. Returns its number. */
export async function insertImport(sql: Transaction, made: NewImport): Promise<number> {
  const { jobId, workspaceId, listId, notificationLink: link, rows, now } = made;
  const [row] = await sql<[{ number: number }]>`
    insert into contact_import (job_id, workspace_id, list_id, total, notification_link, notify_at)
    values (${jobId}, ${workspaceId}, ${listId}, ${rows.length}, ${link}, ${link === null ? null : now})
    returning number`;
  const numbered = rows.map((fields, ordinal) => ({ ordinal, fields }));
  await sql`
    insert into import_row (job_id, ordinal, fields)
    select ${jobId}::uuid, ordinal, fields from ${recordset(sql, numbered, "ordinal int, fields jsonb")} as r`;
  return row.number;
}

/** The next rows of an import, in their order; they are gone with the commit. */
export async function takeImportRows(
  sql: Transaction,
  { jobId, limit }: { jobId: string; limit: number },
): Promise<JsonObject[]> {
  const rows = await sql<{ ordinal: number; fields: JsonObject }[]>`
    delete from import_row
     where job_id = ${jobId} and ordinal in (select ordinal from import_row where job_id = ${jobId} order by ordinal limit ${limit})
    returning ordinal, fields`;
  return [...rows].sort((one, other) => one.ordinal - other.ordinal).map(({ fields }) => fields);
}

/** `list` is the number of the list, null when that was deleted; `counts` what was done so far. */
export type ImportRow = {
  jobId: string;
  number: number;
  list: number | null;
  total: number;
  notificationLink: string | null;
  status: JobStatus;
  createdAt: Date;
  counts: Record<string, number>;
};

function importColumns(sql: Queryable) {
  return sql`i.job_id as "jobId", i.number, l.number as list, i.total, i.notification_link as "notificationLink", j.status, j.created_at as "createdAt",
    coalesce((select counts from job_lane where job_id = i.job_id limit 1), '{}') as counts`;
}

/** A page of imports, newest first; with a number that one alone. */
export async function pageImports(
  sql: Queryable,
  page: { workspaceId: string; number: number | null; offset: number; limit: number },
): Promise<ImportRow[]> {
  return sql<ImportRow[]>`
    select ${importColumns(sql)}
      from contact_import i join job j on j.id = i.job_id left join list l on l.id = i.list_id
     where i.workspace_id = ${page.workspaceId} and (${page.number}::bigint is null or i.number = ${page.number}::bigint)
     order by i.number desc offset ${page.offset} limit ${page.limit}`;
}

export type DueNotice = ImportRow & { link: string; attempt: number };

/** Takes one import that has ended and whose link is to be called, and puts it off until `until`, in case that nobody says how it went. */
export async function takeDueNotice(
  sql: Queryable,
  { now, until }: { now: Date; until: Date },
): Promise<DueNotice | undefined> {
  const [row] = await sql<DueNotice[]>`
    with due as (
      select i.job_id from contact_import i join job j on j.id = i.job_id
       where i.notify_at <= ${now} and j.status <> 'running'
       order by i.notify_at limit 1 for update of i skip locked
    ), taken as (
      update contact_import i set notify_at = ${until}, notify_attempt = notify_attempt + 1 from due where i.job_id = due.job_id
      returning i.*
    )
    select ${importColumns(sql)}, i.notification_link as link, i.notify_attempt as attempt
      from taken i join job j on j.id = i.job_id left join list l on l.id = i.list_id`;
  return row;
}

/** When an import's link is to be called again; null: not any more. */
export async function saveNotice(
  sql: Queryable,
  { jobId, at, attempt }: { jobId: string; at: Date | null; attempt: number },
): Promise<void> {
  await sql`update contact_import set notify_at = ${at}, notify_attempt = ${attempt} where job_id = ${jobId}`;
}

/** The first instant at which a link is to be called; null when there is none. Of imports that still run, the end is not known. */
export async function nextNoticeAt(sql: Queryable): Promise<{ at: Date | null; isRunning: boolean }> {
  const [row] = await sql<[{ at: Date | null; isRunning: boolean }]>`
    select min(i.notify_at) filter (where j.status <> 'running') as at, coalesce(bool_or(j.status = 'running'), false) as "isRunning"
      from contact_import i join job j on j.id = i.job_id where i.notify_at is not null`;
  return row;
}

/** Forgets imports that ended before an instant, and rows that no job takes in any more. */
export async function removeOldImports(sql: Queryable, before: Date): Promise<void> {
  await sql`delete from job where kind = 'import' and ended_at < ${before}`;
  await sql`delete from import_row r using job j where j.id = r.job_id and j.status <> 'running'`;
}
