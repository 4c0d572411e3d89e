import { AppError } from "../core/errors.ts";
import { readImportRow } from "../core/import-row.ts";
import type { JsonObject } from "../core/json.ts";
import { findJsonProblems } from "../core/json-problems.ts";
import { normalizeEmail } from "../core/message/address.ts";
import { type ImportRow, insertImport, pageImports } from "../storage/contact-imports.ts";
import type { JobStatus } from "../storage/jobs.ts";
import { insertJob } from "../storage/jobs.ts";
import { findList, type ListRow } from "../storage/lists.ts";
import { knownMembers } from "./known-members.ts";
import { requireList } from "./lists.ts";
import { newId } from "./new-id.ts";
import type { UpsertContactInput } from "./plan-contacts.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { type ContactWriter, upsertContacts } from "./upsert-contacts.ts";

/** The name of the job that takes contacts in. */
export const importJob = "import";

export const importLimits = { rows: 20_000, fields: 200, linkLength: 2000 } as const;

export type ImportInput = { list: string; rows: readonly JsonObject[]; notificationLink?: string | null | undefined };

/**
 * Takes rows in hand that are to become members of a list, in one commit; a job then makes or changes the contacts. `notificationLink` is
 * posted to when it has ended. Throws `list_not_found`, and `invalid_request` when rows cannot be kept.
 */
export async function importContacts(
  platform: Platform,
  caller: Caller,
  { list: ref, rows, notificationLink: link = null }: ImportInput,
): Promise<{ number: number; jobId: string }> {
  requireScope(caller, "contacts:write");
  const { workspaceId, name: createdBy } = caller;
  const list = await requireList(platform.sql, workspaceId, ref);
  refuseBroken(rows, link);
  const now = platform.now();
  const job = { id: newId(), workspaceId, flowId: null, kind: importJob, params: { listId: list.id }, createdBy, now };
  const number = await platform.sql.begin(async (sql) => {
    // One lane: rows are taken in in their order.
    await insertJob(sql, job, [0]);
    return insertImport(sql, { jobId: job.id, workspaceId, listId: list.id, notificationLink: link, rows, now });
  });
  platform.wake();
  return { number, jobId: job.id };
}

function refuseBroken(rows: readonly JsonObject[], link: string | null): void {
  const issues = findJsonProblems(rows, { checkText: true }).map((issue) => ({ ...issue, path: `rows${issue.path}` }));
  if (rows.length === 0 || rows.length > importLimits.rows)
    issues.push({ path: "rows", message: `must have 1 to ${importLimits.rows} items; these are ${rows.length}` });
  const large = rows.findIndex((row) => Object.keys(row).length > importLimits.fields);
  if (large >= 0) issues.push({ path: `rows[${large}]`, message: `must have at most ${importLimits.fields} fields` });
  // It is a template to what calls it.
  const isLink = link === null || (/^https?:\/\//i.test(link) && URL.canParse(link) && !/\{[{%]/.test(link));
  if (!isLink || (link?.length ?? 0) > importLimits.linkLength)
    issues.push({ path: "notificationLink", message: "must be an http or https address without {{ and {%" });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
}

/** How far an import is; `progress` from 0 to 1. */
export type ImportView = {
  number: number;
  jobId: string;
  list: number | null;
  status: JobStatus;
  total: number;
  created: number;
  updated: number;
  failed: number;
  progress: number;
  notificationLink: string | null;
  createdAt: Date;
};

/** The imports of the workspace, newest first. */
export async function listImports(
  { sql }: Platform,
  caller: Caller,
  page: { offset: number; limit: number },
): Promise<ImportView[]> {
  requireScope(caller, "contacts:read");
  return (await pageImports(sql, { workspaceId: caller.workspaceId, number: null, ...page })).map(viewImport);
}

/** One import. Throws `job_not_found`. */
export async function getImport(
  { sql }: Platform,
  caller: Caller,
  { number }: { number: number },
): Promise<ImportView> {
  requireScope(caller, "contacts:read");
  const [row] = await pageImports(sql, { workspaceId: caller.workspaceId, number, offset: 0, limit: 1 });
  if (!row) throw new AppError("job_not_found");
  return viewImport(row);
}

/** An import as callers see it. */
export function viewImport({ counts, total, status, ...row }: ImportRow): ImportView {
  const { created = 0, updated = 0, failed = 0 } = counts;
  const { number, jobId, list, notificationLink, createdAt } = row;
  const progress = status === "done" ? 1 : Math.floor(((created + updated + failed) / total) * 100) / 100;
  return { number, jobId, list, status, total, created, updated, failed, progress, notificationLink, createdAt };
}

export type ImportCounts = { created: number; updated: number; failed: number };

/**
 * Makes or changes the contacts of some rows, in their order, and subscribes them; who has unsubscribed from the list stays so. A row that
 * cannot be a contact is counted as failed, and the others go on.
 */
export async function importRows(
  writer: ContactWriter,
  { workspaceId, listId, rows }: { workspaceId: string; listId: string; rows: readonly JsonObject[] },
): Promise<ImportCounts> {
  const list = await findList(writer.sql, { workspaceId, id: listId });
  if (!list) return { created: 0, updated: 0, failed: rows.length };
  const contacts = await readRows(writer, list, rows);
  const caller = { workspaceId, keyId: null, name: importJob, scopes: new Set(["contacts:write"]) };
  const { results } = await upsertContacts(writer, caller, { contacts, partial: true });
  const created = results.filter(({ status }) => status === "created").length;
  const refused = results.filter(({ status }) => status === "refused").length;
  return { created, updated: results.length - created - refused, failed: rows.length - results.length + refused };
}

async function readRows(
  { sql }: ContactWriter,
  { id, workspaceId, fields }: ListRow,
  rows: readonly JsonObject[],
): Promise<UpsertContactInput[]> {
  const read = rows.map((row) => readImportRow(row, fields));
  const fitting = read.flatMap(({ contact, issues }) => (issues.length === 0 ? [contact] : []));
  const emails = fitting.map(({ email }) => email);
  const known = await knownMembers(sql, { workspaceId, listId: id, emails });
  return fitting.map((contact) => {
    const email = normalizeEmail(contact.email);
    const state = email.ok ? known.get(email.value) : undefined;
    return state === "unsubscribed" ? contact : { ...contact, lists: [{ id, state: "subscribed" }] };
  });
}
