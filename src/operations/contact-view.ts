import type { IdentityKind, MembershipState } from "../core/contact.ts";
import type { JsonObject } from "../core/json.ts";
import type { ContactRecord } from "../storage/contact-reads.ts";
import type { Queryable } from "../storage/database.ts";
import { loadMemberships } from "../storage/memberships.ts";

/** A contact as callers see it. */
export type ContactView = Record<IdentityKind, string | null> & {
  id: string;
  properties: JsonObject;
  tags: string[];
  timeZone: string | null;
  locale: string | null;
  lists: { id: string; state: MembershipState }[];
  createdAt: Date;
  updatedAt: Date;
};

/** Shows contacts together with their lists, in the order given. */
export async function viewContacts(sql: Queryable, contacts: readonly ContactRecord[]): Promise<ContactView[]> {
  if (contacts.length === 0) return [];
  const memberships = await loadMemberships(
    sql,
    contacts.map(({ lane, id }) => ({ lane, id })),
  );
  const lists = new Map<string, ContactView["lists"]>();
  for (const { contactId, listId, state } of memberships) {
    lists.set(contactId, [...(lists.get(contactId) ?? []), { id: listId, state }]);
  }
  return contacts.map(({ lane: _, workspaceId: __, ...contact }) => ({
    ...contact,
    lists: (lists.get(contact.id) ?? []).sort((a, b) => (a.id < b.id ? -1 : 1)),
  }));
}

/** The same for one contact. */
export async function viewContact(sql: Queryable, contact: ContactRecord): Promise<ContactView> {
  const [view] = await viewContacts(sql, [contact]);
  if (!view) throw new Error("A contact has no view.");
  return view;
}
