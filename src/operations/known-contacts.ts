import type { IdentityRow, OwnedIdentity } from "../storage/identities.ts";
import { createRecent } from "./recent.ts";

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
  const owners = createRecent<KnownOwner>(max);
  const revisions = new Map<string, number>();
  return {
    find: owners.find,
    add(key, { lane, workspaceId, kind, value, contactLane, contactId }, revision) {
      owners.keep(key, { lane, workspaceId, kind, value, contactLane, contactId, revision });
    },
    forget: owners.forget,
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
