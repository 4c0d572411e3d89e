import { type Contact, identityKinds } from "../core/contact.ts";
import type { OwnedIdentity } from "../storage/identities.ts";
import { type Identity, identityRows } from "./resolve-contacts.ts";

/** The identities that a contact shows, as rows that it owns. */
export function shownIdentities(contact: Contact): OwnedIdentity[] {
  return rowsOf(contact, pick(contact, identityKinds));
}

/** What a contact has to claim, and what it sets free, to become another. */
export function changedIdentities(
  old: Contact,
  next: Contact,
): { claimed: OwnedIdentity[]; released: OwnedIdentity[] } {
  const kinds = identityKinds.filter((kind) => old[kind] !== next[kind]);
  return { claimed: rowsOf(next, pick(next, kinds)), released: rowsOf(old, pick(old, kinds)) };
}

function pick(contact: Contact, kinds: readonly (keyof Identity)[]): Identity {
  return Object.fromEntries(kinds.flatMap((kind) => (contact[kind] === null ? [] : [[kind, contact[kind]]])));
}

function rowsOf({ id, lane, workspaceId }: Contact, identity: Identity): OwnedIdentity[] {
  return identityRows(workspaceId, identity).map((row) => ({ ...row, contactLane: lane, contactId: id }));
}
