import type { MembershipState } from "../core/contact.ts";
import { AppError } from "../core/errors.ts";
import { findContacts, lockContact } from "../storage/contact-reads.ts";
import { findList, type MemberRow, pageMembers } from "../storage/lists.ts";
import { removeMemberships, setMemberships } from "../storage/memberships.ts";
import { type ContactView, viewContacts } from "./contact-view.ts";
import { requireLists } from "./lists.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";
import { listsOf, tellChanges } from "./tell-changes.ts";

export type MemberView = MemberRow & { contact: ContactView };

/** The members of a list with their state, the newest contact first. */
export async function listMembers(
  platform: Platform,
  caller: Caller,
  input: PageInput & { listId: string; state?: MembershipState | undefined },
): Promise<Page<MemberView>> {
  requireScope(caller, "contacts:read");
  const { workspaceId } = caller;
  const { before, limit } = readPage(input);
  const list = await findList(platform.sql, { workspaceId, id: knownId(input.listId, "list_not_found") });
  if (!list) throw new AppError("list_not_found");
  const rows = await pageMembers(platform.sql, {
    listId: list.id,
    state: input.state ?? null,
    before,
    limit: limit + 1,
  });
  const { data, nextCursor } = makePage(rows, limit, ({ contactId }) => contactId);
  const records = await findContacts(platform.sql, { workspaceId, ids: data.map(({ contactId }) => contactId) });
  const contacts = new Map((await viewContacts(platform.sql, records)).map((contact) => [contact.id, contact]));
  const members = data.flatMap((row) => {
    const contact = contacts.get(row.contactId);
    return contact ? [{ ...row, contact }] : [];
  });
  return { data: members, nextCursor };
}

export type MembershipInput = { listId: string; contactId: string; state: MembershipState };

/** Puts a contact into a list, or changes its state there. */
export async function setMembership(
  platform: Platform,
  caller: Caller,
  { listId, contactId, state }: MembershipInput,
): Promise<MembershipInput> {
  requireScope(caller, "contacts:write");
  const { workspaceId } = caller;
  knownId(contactId, "contact_not_found");
  const lanes = await platform.sql.begin(async (sql) => {
    await Promise.all([requireLists(sql, workspaceId, [listId]), platform.flows.refresh(sql)]);
    const contact = await lockContact(sql, { workspaceId, id: contactId });
    if (!contact) throw new AppError("contact_not_found");
    const now = platform.now();
    const lists = await listsOf(sql, contact);
    await setMemberships(sql, [{ lane: contact.lane, contactId, listId, workspaceId, state, at: now }]);
    const [before, after] = [
      { ...contact, lists },
      { ...contact, lists: { ...lists, [listId]: state } },
    ];
    return tellChanges(sql, { contact, before, after }, { flows: platform.flows, now });
  });
  if (lanes.length > 0) platform.signal(lanes);
  return { listId, contactId, state };
}

/** Takes a contact off a list, as if it had never been there. Throws `contact_not_found`, also for one that is not on the list. */
export async function removeMembership(
  platform: Platform,
  caller: Caller,
  { listId, contactId }: Omit<MembershipInput, "state">,
): Promise<void> {
  requireScope(caller, "contacts:write");
  const { workspaceId } = caller;
  knownId(contactId, "contact_not_found");
  const lanes = await platform.sql.begin(async (sql) => {
    await Promise.all([requireLists(sql, workspaceId, [listId]), platform.flows.refresh(sql)]);
    const contact = await lockContact(sql, { workspaceId, id: contactId });
    const lists = contact ? await listsOf(sql, contact) : {};
    if (!contact || !Object.hasOwn(lists, listId)) throw new AppError("contact_not_found");
    await removeMemberships(sql, [{ lane: contact.lane, contactId, listId }]);
    const { [listId]: _, ...others } = lists;
    const write = { contact, before: { ...contact, lists }, after: { ...contact, lists: others } };
    return tellChanges(sql, write, { flows: platform.flows, now: platform.now() });
  });
  if (lanes.length > 0) platform.signal(lanes);
}
