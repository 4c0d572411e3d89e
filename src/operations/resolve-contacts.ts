import { type IdentityKind, identityKinds } from "../core/contact.ts";
import { laneOf, laneOfValue } from "../core/id.ts";
import type { IdentityRow, OwnedIdentity } from "../storage/identities.ts";
import { identityKey, type KnownOwner } from "./known-contacts.ts";

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

/**
 * An identity with its `identityKey` and whom we take for its owner: null when it was nobody's a moment ago, undefined while that is not known.
 * That it is nobody's is remembered no longer than for one call: an identity that is not claimed is not checked either.
 */
export type NamedIdentity = IdentityRow & { key: string; owner: KnownOwner | null | undefined };

/** The identities by which one call names its contact, by precedence. Who owns them is to be found out. */
export function namedIdentities(workspaceId: string, identity: Identity): NamedIdentity[] {
  const named: NamedIdentity[] = [];
  for (const kind of identityKinds) {
    const value = identity[kind];
    if (value === undefined) continue;
    const key = identityKey({ workspaceId, kind, value });
    named.push({ lane: laneOfValue(value), workspaceId, kind, value, key, owner: undefined });
  }
  return named;
}

/** Which kinds of identity contacts have, by contact id. */
export type HeldKinds = ReadonlyMap<string, ReadonlySet<IdentityKind>>;

/**
 * Decides which contact each of `calls` means by the identities it names, given who owns what. Where identities of one call belong to
 * different contacts the first by precedence (external id, e-mail, phone) wins and the others stay where they are. A call may name a contact
 * that an earlier one of the same batch has just made. An identity of a kind that the contact has already is not claimed for it.
 */
export function resolveContacts(
  calls: readonly (readonly NamedIdentity[])[],
  held: HeldKinds,
  newContactId: () => string,
): Resolution {
  const claimed = new Map<string, ContactRef>();
  const kinds = new Map<string, Set<IdentityKind>>();
  for (const [id, own] of held) kinds.set(id, new Set(own));
  const claims: OwnedIdentity[] = [];
  const refs = calls.map((named) => {
    const ref = firstOwner(named, claimed) ?? newRef(newContactId());
    for (const { key, lane, workspaceId, kind, value, owner } of named) {
      if (owner || claimed.has(key)) continue;
      const own = kinds.get(ref.id) ?? new Set();
      if (own.has(kind)) continue;
      kinds.set(ref.id, own.add(kind));
      claimed.set(key, ref);
      claims.push({ lane, workspaceId, kind, value, contactLane: ref.lane, contactId: ref.id });
    }
    return ref;
  });
  return { refs, claims };
}

function firstOwner(named: readonly NamedIdentity[], claimed: ReadonlyMap<string, ContactRef>): ContactRef | undefined {
  for (const { key, owner } of named) {
    const ref = owner ? { id: owner.contactId, lane: owner.contactLane, isNew: false } : claimed.get(key);
    if (ref) return ref;
  }
  return undefined;
}

/** The contacts that may get another identity: a call names them together with one that nobody owns. */
export function contactsToFill(calls: readonly (readonly NamedIdentity[])[]): { lane: number; id: string }[] {
  const found = new Map<string, { lane: number; id: string }>();
  for (const named of calls) {
    if (named.length < 2 || named.every(({ owner }) => owner)) continue;
    const owner = named.find(({ owner }) => owner)?.owner;
    if (owner) found.set(owner.contactId, { lane: owner.contactLane, id: owner.contactId });
  }
  return [...found.values()];
}

function newRef(id: string): ContactRef {
  return { id, lane: laneOf(id), isNew: true };
}
