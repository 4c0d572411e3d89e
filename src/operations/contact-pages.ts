import type { Condition } from "../core/condition/condition.ts";
import type { MembershipState } from "../core/contact.ts";
import { isUuid } from "../core/id.ts";
import { normalizeEmail } from "../core/message/address.ts";
import { type ContactOrder, type PagedContact, pageContacts } from "../storage/contact-pages.ts";
import type { Queryable } from "../storage/database.ts";
import { findSuppressed } from "../storage/suppressions.ts";
import { findOwners } from "./get-contact.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { textFilter } from "./read-filter.ts";

/** A contact of a page; `isSuppressed` says that no e-mail goes to it any more. */
export type PagedContactView = Omit<PagedContact, "lane" | "workspaceId"> & { isSuppressed: boolean };

export type ContactPageQuery = {
  /** The id of a list; without it all contacts are meant. */
  listId?: string | undefined;
  state?: MembershipState | undefined;
  contactId?: string | undefined;
  /** A whole e-mail address, or a part of one of these fields. */
  search?: { text: string; fields: readonly string[] } | undefined;
  order: ContactOrder;
  isDescending: boolean;
  offset: number;
  limit: number;
};

/** A page of contacts by an offset, for those who cannot page by a cursor. The caller has looked that the list is there. */
export async function listContactPage(
  platform: Platform,
  caller: Caller,
  query: ContactPageQuery,
): Promise<PagedContactView[]> {
  requireScope(caller, "contacts:read");
  const { sql } = platform;
  const { workspaceId } = caller;
  const { listId = null, state = null, contactId, search, ...page } = query;
  if (contactId !== undefined && !isUuid(contactId)) return [];
  const found = await readSearch(sql, workspaceId, search);
  if (found === null) return [];
  const id = contactId ?? found.id ?? null;
  const rows = await pageContacts(sql, {
    ...{ workspaceId, listId, state, id, where: found.where ?? null },
    ...{ ...page, now: platform.now() },
  });
  return viewPage(sql, rows);
}

type Found = { id?: string; where?: Condition };

/** Whom a search is for; null: nobody. A whole address is looked up, for a search through all texts takes a second on a million contacts. */
async function readSearch(
  sql: Queryable,
  workspaceId: string,
  search: ContactPageQuery["search"],
): Promise<Found | null> {
  const text = textFilter(search?.text.trim(), "query_string") ?? "";
  if (!search || text === "") return {};
  const email = normalizeEmail(text);
  if (!email.ok) {
    const parts = search.fields.map((field) => ({ field: `contact.${field}`, operator: "contains", value: text }));
    return { where: { or: parts } };
  }
  const [id] = await findOwners(sql, workspaceId, { email: email.value });
  return id === undefined ? null : { id };
}

async function viewPage(sql: Queryable, rows: readonly PagedContact[]): Promise<PagedContactView[]> {
  const addresses = rows.flatMap(({ workspaceId, email }) => (email === null ? [] : [{ workspaceId, address: email }]));
  const found = addresses.length === 0 ? [] : await findSuppressed(sql, "email", addresses);
  const suppressed = new Set<string | null>(found.map(({ address }) => address));
  return rows.map(({ lane: _, workspaceId: __, ...row }) => ({ ...row, isSuppressed: suppressed.has(row.email) }));
}
