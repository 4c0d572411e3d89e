import type { Contact, MembershipState } from "../core/contact.ts";
import { isUuid } from "../core/id.ts";
import { type ContactRecord, lockContactsOf } from "../storage/contact-reads.ts";
import type { Transaction } from "../storage/database.ts";
import { findIdentities, type OwnedIdentity } from "../storage/identities.ts";
import { holdLists } from "../storage/lists.ts";
import { loadMemberships } from "../storage/memberships.ts";
import { identityKey } from "./known-contacts.ts";
import type { ContactWish, KnownForContacts } from "./plan-contacts.ts";
import { identityRows } from "./resolve-contacts.ts";
import { Overtaken } from "./write-events.ts";

/**
 * Everything that must be known to carry out wishes, with the contacts that they may change locked: in one order, and before any identity
 * is claimed, so that whoever waits for an identity waits for somebody who waits for no contact. Throws Overtaken when a contact is no
 * longer known by the identity by which it was found.
 */
export async function holdForContacts(
  sql: Transaction,
  workspaceId: string,
  wishes: readonly ContactWish[],
): Promise<KnownForContacts> {
  const [lists, owned] = await Promise.all([holdNamedLists(sql, workspaceId, wishes), find(sql, workspaceId, wishes)]);
  const named = ownersMeant(workspaceId, wishes, owned);
  const given = wishes.flatMap(({ input: { id } }) => (id !== undefined && isUuid(id) ? [id] : []));
  const ids = [...new Set([...named, ...given])];
  const held = ids.length === 0 ? [] : await lockContactsOf(sql, { workspaceId, ids });
  const rows = new Map(held.map((row) => [row.id, row]));
  for (const { contactId, kind, value } of owned)
    if (rows.has(contactId) ? rows.get(contactId)?.[kind] !== value : named.has(contactId)) throw new Overtaken(false);
  const isJoining = wishes.some(({ input }) => input.lists && input.lists.length > 0);
  return {
    lists,
    owned,
    contacts: isJoining ? await withLists(sql, held) : held.map((row) => ({ ...row, lists: {} })),
  };
}

/** Those of the lists named that the workspace has. They stay until the transaction ends. */
async function holdNamedLists(
  sql: Transaction,
  workspaceId: string,
  wishes: readonly ContactWish[],
): Promise<string[]> {
  const ids = new Set(wishes.flatMap(({ input: { lists = [] } }) => lists.map(({ id }) => id)).filter(isUuid));
  return ids.size === 0 ? [] : holdLists(sql, { workspaceId, ids: [...ids] });
}

async function find(sql: Transaction, workspaceId: string, wishes: readonly ContactWish[]): Promise<OwnedIdentity[]> {
  const rows = wishes.flatMap(({ change }) => identityRows(workspaceId, change.identity));
  return rows.length === 0
    ? []
    : findIdentities(sql, [...new Map(rows.map((row) => [identityKey(row), row])).values()]);
}

/** The owners that wishes without an id may mean. With one, an owner of another identity stays as it is. */
function ownersMeant(
  workspaceId: string,
  wishes: readonly ContactWish[],
  owned: readonly OwnedIdentity[],
): ReadonlySet<string> {
  const owners = new Map(owned.map((identity) => [identityKey(identity), identity.contactId]));
  const meant = wishes
    .filter(({ input }) => input.id === undefined)
    .flatMap(({ change }) => identityRows(workspaceId, change.identity))
    .flatMap((row) => owners.get(identityKey(row)) ?? []);
  return new Set(meant);
}

async function withLists(sql: Transaction, held: readonly ContactRecord[]): Promise<Contact[]> {
  const lists = new Map<string, Record<string, MembershipState>>(held.map(({ id }) => [id, {}]));
  if (held.length === 0) return [];
  for (const { contactId, listId, state } of await loadMemberships(sql, held)) {
    const own = lists.get(contactId);
    if (own) own[listId] = state;
  }
  return held.map((row) => ({ ...row, lists: lists.get(row.id) ?? {} }));
}
