import { type IdentityKind, identityKinds } from "../core/contact.ts";
import { laneOf, laneOfValue } from "../core/id.ts";
import type { IdentityRow, OwnedIdentity } from "../storage/identities.ts";
import { identityKey } from "./known-contacts.ts";

/** How a caller names a contact: normalised values, at least one. */
export type Identity = Partial<Record<IdentityKind, string>>;

export type ContactRef = { id: string; lane: number; isNew: boolean };

/** Who each identity means. `claims` are identities that nobody owns yet and that now go to the contact named with them. */
export type Resolution = { refs: ContactRef[]; claims: OwnedIdentity[] };

/** The identities of one contact as rows, by precedence. */
export function identityRows(workspaceId: string, identity: Identity): IdentityRow[] {
  return identityKinds.flatMap((kind) => {
    const value = identity[kind];
    return value === undefined ? [] : [{ lane: laneOfValue(value), workspaceId, kind, value }];
  });
}

/** An identity with its `identityKey`. */
export type NamedIdentity = IdentityRow & { key: string };

/** The identities by which one call names its contact, by precedence, with their keys. */
export function namedIdentities(workspaceId: string, identity: Identity): NamedIdentity[] {
  const named: NamedIdentity[] = [];
  for (const { lane, kind, value } of identityRows(workspaceId, identity))
    named.push({ lane, workspaceId, kind, value, key: identityKey({ workspaceId, kind, value }) });
  return named;
}

/** What is known before contacts are resolved: who owns which identity, by key, and which kinds the owners have, by contact id. */
export type Ownership = {
  owners: ReadonlyMap<string, OwnedIdentity>;
  held: ReadonlyMap<string, ReadonlySet<IdentityKind>>;
};

/**
 * Decides which contact each of `calls` means by the identities it names, given who owns what. Where identities of one call belong to
 * different contacts the first by precedence (external id, e-mail, phone) wins and the others stay where they are. A call may name a contact
 * that an earlier one of the same batch has just made. An identity of a kind that the contact has already is not claimed for it.
 */
export function resolveContacts(
  calls: readonly (readonly NamedIdentity[])[],
  { owners, held }: Ownership,
  newContactId: () => string,
): Resolution {
  const refsByKey = new Map<string, ContactRef>();
  const kinds = new Map<string, Set<IdentityKind>>();
  for (const [id, own] of held) kinds.set(id, new Set(own));
  for (const [key, { contactId, contactLane }] of owners)
    refsByKey.set(key, { id: contactId, lane: contactLane, isNew: false });
  const claims: OwnedIdentity[] = [];
  const refs = calls.map((named) => {
    const known = named.find(({ key }) => refsByKey.has(key));
    const ref = (known && refsByKey.get(known.key)) ?? newRef(newContactId());
    for (const { key, lane, workspaceId, kind, value } of named) {
      if (refsByKey.has(key)) continue;
      const own = kinds.get(ref.id) ?? new Set();
      if (own.has(kind)) continue;
      kinds.set(ref.id, own.add(kind));
      refsByKey.set(key, ref);
      claims.push({ lane, workspaceId, kind, value, contactLane: ref.lane, contactId: ref.id });
    }
    return ref;
  });
  return { refs, claims };
}

/** The contacts that may get another identity: a call names them together with one that nobody owns. */
export function contactsToFill(
  calls: readonly (readonly NamedIdentity[])[],
  owners: ReadonlyMap<string, OwnedIdentity>,
): { lane: number; id: string }[] {
  const found = new Map<string, { lane: number; id: string }>();
  for (const named of calls) {
    if (named.length < 2 || named.every(({ key }) => owners.has(key))) continue;
    const known = named.find(({ key }) => owners.has(key));
    const owner = known && owners.get(known.key);
    if (owner) found.set(owner.contactId, { lane: owner.contactLane, id: owner.contactId });
  }
  return [...found.values()];
}

function newRef(id: string): ContactRef {
  return { id, lane: laneOf(id), isNew: true };
}
