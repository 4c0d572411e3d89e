import { contactOnlyIssues } from "../core/audience.ts";
import { type Condition, checkCondition } from "../core/condition/condition.ts";
import { type IdentityInput, readIdentity } from "../core/contact-input.ts";
import { AppError, type Issue } from "../core/errors.ts";
import { listContactRecords } from "../storage/contact-reads.ts";
import type { Queryable } from "../storage/database.ts";
import { type ContactView, viewContacts } from "./contact-view.ts";
import { findOwners } from "./get-contact.ts";
import { unknownSegments } from "./missing-references.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { idFilter, instantFilter, textFilter } from "./read-filter.ts";
import type { Identity } from "./resolve-contacts.ts";

export type ContactQuery = PageInput &
  IdentityInput & {
    tag?: string | undefined;
    listId?: string | undefined;
    createdAfter?: Date | undefined;
    createdBefore?: Date | undefined;
    where?: Condition | undefined;
  };

/** Contacts that fit every filter given, newest first. `listId` means subscribed there; `createdBefore` excludes the instant itself. */
export async function listContacts(
  platform: Platform,
  caller: Caller,
  query: ContactQuery,
): Promise<Page<ContactView>> {
  requireScope(caller, "contacts:read");
  const page = readPage(query);
  const { identity, issues } = readIdentity(query, { required: false });
  issues.push(...whereIssues(query.where));
  if (issues.length === 0) issues.push(...(await unknownSegments(platform.sql, caller.workspaceId, query.where)));
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  const rows = await listContactRecords(platform.sql, {
    workspaceId: caller.workspaceId,
    ids: await idsOf(platform.sql, caller.workspaceId, identity),
    tag: textFilter(query.tag, "tag"),
    listId: idFilter(query.listId, "listId"),
    createdAfter: instantFilter(query.createdAfter, "createdAfter"),
    createdBefore: instantFilter(query.createdBefore, "createdBefore"),
    where: query.where ?? null,
    before: page.before,
    limit: page.limit + 1,
    now: platform.now(),
  });
  const { data, nextCursor } = makePage(rows, page.limit, ({ id }) => id);
  return { data: await viewContacts(platform.sql, data), nextCursor };
}

/** What is wrong with a condition that is to choose contacts. */
export function whereIssues(where: Condition | undefined): Issue[] {
  if (where === undefined) return [];
  const issues = checkCondition(where).map(({ path, message }) => ({
    path: path === "" ? "where" : `where.${path}`,
    message,
  }));
  return issues.length > 0 ? issues : contactOnlyIssues(where, "where");
}

/** The one contact that owns all of the identities asked for, as a filter; null when none is asked for. */
async function idsOf(sql: Queryable, workspaceId: string, identity: Identity): Promise<string[] | null> {
  const kinds = Object.keys(identity).length;
  if (kinds === 0) return null;
  const owners = await findOwners(sql, workspaceId, identity);
  return owners.length === kinds && new Set(owners).size === 1 ? owners.slice(0, 1) : [];
}
