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

type Named = { workspaceId: string; identity: Identity };

/** What is known before contacts are resolved: who owns which identity, and which kinds the owners have, by contact id. */
export type Ownership = { owned: readonly OwnedIdentity[]; held: ReadonlyMap<string, ReadonlySet<IdentityKind>> };

/**
 * Decides which contact each of `named` means, given who owns what. Where identities of one call belong to different contacts
 * the first by precedence (external id, e-mail, phone) wins and the others stay where they are. A call may name a contact that
 * an earlier one of the same batch has just made. An identity of a kind that the contact has already is not claimed for it.
 */
export function resolveContacts(
  named: readonly Named[],
  { owned, held }: Ownership,
  newContactId: () => string,
): Resolution {
  const owners = new Map<string, ContactRef>();
  const kinds = new Map<string, Set<IdentityKind>>();
  for (const [id, own] of held) kinds.set(id, new Set(own));
  for (const identity of owned)
    owners.set(identityKey(identity), { id: identity.contactId, lane: identity.contactLane, isNew: false });
  const claims: OwnedIdentity[] = [];
  const refs = named.map(({ workspaceId, identity }) => {
    const rows = identityRows(workspaceId, identity);
    const ref =
      rows.map((row) => owners.get(identityKey(row))).find((owner) => owner !== undefined) ?? newRef(newContactId());
    const own = kinds.get(ref.id) ?? new Set();
    kinds.set(ref.id, own);
    for (const row of rows) {
      if (owners.has(identityKey(row)) || own.has(row.kind)) continue;
      own.add(row.kind);
      owners.set(identityKey(row), ref);
      claims.push({ contactLane: ref.lane, contactId: ref.id, ...row });
    }
    return ref;
  });
  return { refs, claims };
}

/** The contacts that may get another identity: a call names them together with one that nobody owns. */
export function contactsToFill(
  named: readonly Named[],
  owned: readonly OwnedIdentity[],
): { lane: number; id: string }[] {
  const owners = new Map(owned.map((identity) => [identityKey(identity), identity]));
  const found = new Map<string, { lane: number; id: string }>();
  for (const { workspaceId, identity } of named) {
    const rows = identityRows(workspaceId, identity);
    const owner = rows.map((row) => owners.get(identityKey(row))).find((known) => known !== undefined);
    if (owner && rows.some((row) => !owners.has(identityKey(row))))
      found.set(owner.contactId, { lane: owner.contactLane, id: owner.contactId });
  }
  return [...found.values()];
}

function newRef(id: string): ContactRef {
  return { id, lane: laneOf(id), isNew: true };
}
