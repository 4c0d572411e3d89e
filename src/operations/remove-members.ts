import type { MembershipState } from "../core/contact.ts";
import { laneOf } from "../core/id.ts";
import { lockContacts } from "../storage/contact-reads.ts";
import { loadMemberships, removeMemberships } from "../storage/memberships.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { tellAllChanges } from "./tell-changes.ts";

type Lists = Record<string, MembershipState>;

/**
 * Takes contacts out of lists, out of all when `listIds` is absent; they stay contacts. Flows hear that they left. Returns how many of
 * them were in one.
 */
export async function removeMembers(
  platform: Platform,
  caller: Caller,
  { contactIds, listIds }: { contactIds: readonly string[]; listIds?: readonly string[] | undefined },
): Promise<{ removed: number }> {
  requireScope(caller, "contacts:write");
  const { flows } = platform;
  const keys = [...new Set(contactIds)].map((id) => ({ lane: laneOf(id), id }));
  if (keys.length === 0) return { removed: 0 };
  const { lanes, removed } = await platform.sql.begin(async (sql) => {
    await flows.refresh(sql);
    const contacts = (await lockContacts(sql, keys)).filter(({ workspaceId }) => workspaceId === caller.workspaceId);
    const lists = new Map<string, Lists>();
    for (const { contactId, listId, state } of await loadMemberships(sql, contacts))
      lists.set(contactId, { ...lists.get(contactId), [listId]: state });
    const writes = contacts.flatMap((contact) => {
      const before = lists.get(contact.id) ?? {};
      const left = Object.keys(before).filter((listId) => listIds === undefined || listIds.includes(listId));
      const after = Object.fromEntries(Object.entries(before).filter(([listId]) => !left.includes(listId)));
      if (left.length === 0) return [];
      return [{ contact, left, before: { ...contact, lists: before }, after: { ...contact, lists: after } }];
    });
    const gone = writes.flatMap(({ contact: { lane, id: contactId }, left }) =>
      left.map((listId) => ({ lane, contactId, listId })),
    );
    if (gone.length > 0) await removeMemberships(sql, gone);
    return { lanes: await tellAllChanges(sql, writes, { flows, now: platform.now() }), removed: writes.length };
  });
  if (lanes.length > 0) platform.signal(lanes);
  return { removed };
}
