import type { IdentityRow, OwnedIdentity } from "../storage/identities.ts";

/** `revision`: the identity revision of the workspace as of which this was so; null when that was not seen. */
export type KnownOwner = OwnedIdentity & { revision: number | null };

/** Who owned which identity when we last looked, by `identityKey`. A guess: whoever uses it checks it again in the statement that writes. */
export type KnownContacts = {
  find(key: string): KnownOwner | undefined;
  add(key: string, owner: OwnedIdentity, revision: number | null): void;
  forget(key: string): void;
  /** The identity revision of the workspace that was seen last, or null. */
  revision(workspaceId: string): number | null;
  sawRevision(workspaceId: string, revision: number): void;
};

/** About 300 bytes each; up to twice as many are kept. */
const maxYoung = 50_000;

/** Makes an empty memory. What was not asked for while `max` others came is forgotten. */
export function createKnownContacts(max = maxYoung): KnownContacts {
  let young = new Map<string, KnownOwner>();
  let old = new Map<string, KnownOwner>();
  const revisions = new Map<string, number>();

  function keep(key: string, owner: KnownOwner): void {
    if (young.size >= max) {
      old = young;
      young = new Map();
    }
    young.set(key, owner);
  }

  return {
    find(key) {
      const known = young.get(key);
      if (known) return known;
      const aged = old.get(key);
      if (aged) keep(key, aged);
      return aged;
    },
    add(key, { lane, workspaceId, kind, value, contactLane, contactId }, revision) {
      keep(key, { lane, workspaceId, kind, value, contactLane, contactId, revision });
    },
    forget(key) {
      young.delete(key);
      old.delete(key);
    },
    revision: (workspaceId) => revisions.get(workspaceId) ?? null,
    sawRevision(workspaceId, revision) {
      revisions.set(workspaceId, revision);
    },
  };
}

/** An identity as one text. */
export function identityKey({ workspaceId, kind, value }: Omit<IdentityRow, "lane">): string {
  return `${workspaceId}|${kind}|${value}`;
}
