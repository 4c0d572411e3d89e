import type { IdentityRow, OwnedIdentity } from "../storage/identities.ts";

/** Who owned which identity when we last looked, by `identityKey`. A guess: whoever uses it checks it again in the statement that writes. */
export type KnownContacts = {
  find(key: string): OwnedIdentity | undefined;
  add(key: string, owner: OwnedIdentity): void;
  forget(key: string): void;
};

/** About 300 bytes each; up to twice as many are kept. */
const maxYoung = 50_000;

/** Makes an empty memory. What was not asked for while `max` others came is forgotten. */
export function createKnownContacts(max = maxYoung): KnownContacts {
  let young = new Map<string, OwnedIdentity>();
  let old = new Map<string, OwnedIdentity>();

  function add(key: string, owner: OwnedIdentity): void {
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
      if (aged) add(key, aged);
      return aged;
    },
    add,
    forget(key) {
      young.delete(key);
      old.delete(key);
    },
  };
}

/** An identity as one text. */
export function identityKey({ workspaceId, kind, value }: Omit<IdentityRow, "lane">): string {
  return `${workspaceId}|${kind}|${value}`;
}
