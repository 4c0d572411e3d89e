import { type IdentityInput, readIdentity } from "../core/contact-input.ts";
import { findContacts, pageContacts as pageRows } from "../storage/contact-reads.ts";
import { type ContactView, viewContacts } from "./contact-view.ts";
import { findOwners } from "./get-contact.ts";
import { type NumberedPage, type NumberedPageInput, readNumberedPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";

/** Contacts by numbered pages, newest first: all of them, or those that have one of the identities `named`. */
export async function pageContacts(
  platform: Platform,
  caller: Caller,
  { named, ...page }: NumberedPageInput & { named?: readonly IdentityInput[] | undefined },
): Promise<NumberedPage<ContactView>> {
  requireScope(caller, "contacts:read");
  const { workspaceId } = caller;
  const { offset, limit } = readNumberedPage(page);
  if (named === undefined) {
    const { count, rows } = await pageRows(platform.sql, { workspaceId, offset, limit });
    return { count, data: await viewContacts(platform.sql, rows) };
  }
  // What could be nobody's identity names nobody.
  const identities = named.map((input) => readIdentity(input)).filter(({ issues }) => issues.length === 0);
  const found = await Promise.all(identities.map(({ identity }) => findOwners(platform.sql, workspaceId, identity)));
  const ids = [...new Set(found.flat())].sort().reverse();
  const rows = ids.length === 0 ? [] : await findContacts(platform.sql, { workspaceId, ids });
  const sorted = rows.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(offset, offset + limit);
  return { count: rows.length, data: await viewContacts(platform.sql, sorted) };
}
