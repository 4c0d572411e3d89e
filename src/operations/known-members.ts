import type { MembershipState } from "../core/contact.ts";
import { normalizeEmail } from "../core/message/address.ts";
import type { Queryable } from "../storage/database.ts";
import { findIdentities } from "../storage/identities.ts";
import { loadMemberships } from "../storage/memberships.ts";
import { identityRows } from "./resolve-contacts.ts";

/** What those of these e-mail addresses that are on a list are to it, by the address in its normal form. */
export async function knownMembers(
  sql: Queryable,
  { workspaceId, listId, emails }: { workspaceId: string; listId: string; emails: readonly string[] },
): Promise<ReadonlyMap<string, MembershipState>> {
  const normal = emails.map(normalizeEmail).flatMap((email) => (email.ok ? [email.value] : []));
  const rows = [...new Set(normal)].flatMap((email) => identityRows(workspaceId, { email }));
  const owned = rows.length === 0 ? [] : await findIdentities(sql, rows);
  if (owned.length === 0) return new Map();
  const keys = owned.map(({ contactLane: lane, contactId: id }) => ({ lane, id }));
  const memberships = (await loadMemberships(sql, keys)).filter((row) => row.listId === listId);
  const states = new Map(memberships.map(({ contactId, state }) => [contactId, state]));
  return new Map(
    owned.flatMap(({ value, contactId }) => {
      const state = states.get(contactId);
      return state === undefined ? [] : [[value, state] as const];
    }),
  );
}
