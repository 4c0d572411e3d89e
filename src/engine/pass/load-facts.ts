import type { ConditionReads } from "../../core/condition/reads.ts";
import type { Contact, MembershipState } from "../../core/contact.ts";
import type { Activity } from "../../core/flow/activity.ts";
import type { CompiledFlow } from "../../core/flow/compile.ts";
import type { Run } from "../../core/flow/run.ts";
import type { CompiledSegment } from "../../core/segment/segment-set.ts";
import { loadReads } from "../../operations/contact-facts.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import type { Transaction } from "../../storage/database.ts";
import { loadMemberships } from "../../storage/memberships.ts";
import { loadSegments } from "../../storage/segment-members.ts";
import type { ContactWork } from "./contact-work.ts";

/** What is known of contacts besides their own rows, by contact id. What nobody asks for is not there. */
export type Facts = {
  lists: ReadonlyMap<string, Record<string, MembershipState>>;
  segments: ReadonlyMap<string, string[]> | null;
  activity: ReadonlyMap<string, Activity>;
};

type Question = { flows: FlowCache; runs: readonly Run[]; contacts: ReadonlyMap<string, ContactWork>; now: Date };

/**
 * Loads the lists, the segments and the activity of the contacts of a pass, each in one query, and only where a flow or a segment that may be
 * looked at in this pass asks for it.
 */
export async function loadFacts(sql: Transaction, { flows, runs, contacts, now }: Question): Promise<Facts> {
  const asking = flowsByContact({ flows, runs, contacts, now });
  const all = [...contacts.values()];
  const keys = all.map(({ key }) => key);
  const isAny = (asks: (flow: CompiledFlow) => boolean) => [...asking.values()].some((asked) => [...asked].some(asks));
  const touched = all.flatMap((contact) => contact.segments);
  const wantsLists =
    // Whoever hears of a list that was joined has to know that the contact was not in it before.
    all.some(({ workspaceId }) => flows.hearsChanges(workspaceId).lists) ||
    isAny((flow) => flow.readsLists) ||
    touched.some(({ reads }) => reads.fields.has("lists"));
  const wantsSegments = touched.length > 0 || isAny((flow) => flow.readsSegments);
  const [memberships, segments, activity] = await Promise.all([
    wantsLists ? loadMemberships(sql, keys) : [],
    wantsSegments ? loadSegments(sql, keys) : null,
    loadReads(
      sql,
      all.map(({ key, segments }) => ({ key, reads: readsOfBoth(asking.get(key.id), segments) })),
      now,
    ),
  ]);
  const lists = new Map<string, Record<string, MembershipState>>();
  for (const { contactId, listId, state } of memberships)
    lists.set(contactId, { ...lists.get(contactId), [listId]: state });
  return { lists, segments, activity };
}

/** A contact with what was loaded of it. */
export function withFacts(row: Omit<Contact, "lists">, { lists, segments, activity }: Facts): Contact {
  const done = activity.get(row.id);
  return {
    lists: lists.get(row.id) ?? {},
    ...row,
    ...(segments === null ? {} : { segments: segments.get(row.id) ?? [] }),
    ...(done === undefined ? {} : { activity: done }),
  };
}

/** The flows that a contact's work may bring it to. */
function flowsByContact({ flows, runs, contacts }: Question): Map<string, Set<CompiledFlow>> {
  const asking = new Map<string, Set<CompiledFlow>>();
  const add = (contactId: string, flow: CompiledFlow | undefined) => {
    if (!flow || !(flow.readsLists || flow.readsSegments || hasActivity(flow.reads))) return;
    const known = asking.get(contactId);
    if (known) known.add(flow);
    else asking.set(contactId, new Set([flow]));
  };
  for (const run of runs) add(run.contactId, flows.version(run.flowId, run.version));
  for (const { key, workspaceId, work } of contacts.values())
    for (const item of work)
      if (item.kind === "event")
        for (const flow of flows.lookup(workspaceId).listening(item.occurrence.name)) add(key.id, flow);
  return asking;
}

function readsOfBoth(flows: ReadonlySet<CompiledFlow> | undefined, segments: readonly CompiledSegment[]) {
  return [...(flows ?? []), ...segments].map(({ reads }) => reads).filter(hasActivity);
}

function hasActivity({ events, messages }: ConditionReads): boolean {
  return events.length > 0 || messages.size > 0;
}
