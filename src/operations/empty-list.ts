import { priorities } from "../core/flow/priority.ts";
import type { Transaction } from "../storage/database.ts";
import { insertEvents, queueChanged } from "../storage/events.ts";
import { type RemovedMember, takeOutMembers } from "../storage/lists.ts";
import type { FlowCache } from "./flow-cache.ts";
import { changeEvents } from "./tell-changes.ts";

/** The job that takes the members out of a list which is gone. */
export const emptyListJob = "empty-list";

/** So few that a commit takes some tens of milliseconds. */
const chunkSize = 1000;

export type EmptyingList = { workspaceId: string; listId: string; after: string };

/** `after`: where to go on, null when nobody is left. */
export type Emptied = { removed: number; lanes: ReadonlySet<number>; after: string | null };

/**
 * Takes the next members, after a contact, out of a list that is gone, and puts in line what that means to flows and segments. `lanes` have work
 * once it is committed.
 */
export async function emptyList(
  sql: Transaction,
  { workspaceId, listId, after }: EmptyingList,
  { flows, now }: { flows: FlowCache; now: Date },
): Promise<Emptied> {
  const members = await takeOutMembers(sql, { listId, after, limit: chunkSize });
  await flows.refresh(sql);
  const hears = flows.hearsChanges(workspaceId).any;
  const events = hears ? members.flatMap((member) => leavingOf(member, { workspaceId, listId, flows, now })) : [];
  if (events.length > 0) await insertEvents(sql, events);
  const changed = flows.watches(workspaceId) ? members : [];
  await queueChanged(
    sql,
    changed.map(({ lane, contactId }) => ({ lane, contactId, workspaceId })),
    priorities.low,
  );
  const lanes = new Set([...events, ...changed].map(({ lane }) => lane));
  return { removed: members.length, lanes, after: members.length < chunkSize ? null : lastOf(members) };
}

type Leaving = Omit<EmptyingList, "after"> & { flows: FlowCache; now: Date };

function leavingOf({ lane, contactId: id, state }: RemovedMember, { workspaceId, listId, flows, now }: Leaving) {
  const lists = { before: { [listId]: state }, after: {} };
  const nothing = { properties: {}, tags: [] };
  const write = {
    contact: { id, lane, workspaceId },
    before: { ...nothing, lists: lists.before },
    after: { ...nothing, lists: lists.after },
  };
  return changeEvents(flows, write, now).map((event) => ({ ...event, priority: priorities.low }));
}

function lastOf(members: readonly RemovedMember[]): string {
  return (
    members
      .map(({ contactId }) => contactId)
      .sort()
      .at(-1) ?? ""
  );
}
