import type { OwnedIdentity } from "../storage/identities.ts";
import type { RevisionRow } from "../storage/workspaces.ts";
import { identityKey, type KnownContacts, type KnownOwner } from "./known-contacts.ts";
import type { NamedIdentity } from "./resolve-contacts.ts";

/**
 * What a batch takes for granted, to be checked by the statement that writes it: owners one by one, all others by a revision. `asOf`: by
 * workspace the identity revision that is checked, or null; what the batch finds out and claims is known as of it.
 */
export type Suppositions = {
  owned: KnownOwner[];
  revisions: RevisionRow[];
  asOf: ReadonlyMap<string, number | null>;
};

export type SupposeOptions = {
  known: Pick<KnownContacts, "revision">;
  /** The routing revisions of the workspaces of the batch, as they are known. */
  routing: readonly { workspaceId: string; routing: number }[];
  /** Check each owner, for identities are being taken from contacts right now: a revision would be outdated by the time it is checked. */
  isWary: boolean;
};

/**
 * What the batch with these identities supposes. An owner that is known as of its workspace's identity revision needs no check of its own.
 * Measured with batches of 24: to look at each cost PostgreSQL a quarter of all its work for the batch.
 */
export function suppose(
  calls: readonly (readonly NamedIdentity[])[],
  { known, routing, isWary }: SupposeOptions,
): Suppositions {
  const revisions = routing.map(({ workspaceId, routing: number }) => ({
    workspaceId,
    routing: number,
    identities: isWary ? null : known.revision(workspaceId),
  }));
  const asOf = new Map(revisions.map(({ workspaceId, identities }) => [workspaceId, identities]));
  const owned = new Set<KnownOwner>();
  for (const named of calls)
    for (const { owner, workspaceId } of named)
      if (owner && (owner.revision === null || owner.revision !== asOf.get(workspaceId))) owned.add(owner);
  return { owned: [...owned], revisions, asOf };
}

/** To be called when a batch is written, with the identities that it claimed: they and the owners that were checked are then known. */
export function learn(
  known: Pick<KnownContacts, "add">,
  { owned, asOf }: Pick<Suppositions, "owned" | "asOf">,
  claims: readonly OwnedIdentity[],
): void {
  for (const owner of owned) owner.revision = asOf.get(owner.workspaceId) ?? owner.revision;
  for (const claim of claims) known.add(identityKey(claim), claim, asOf.get(claim.workspaceId) ?? null);
}
