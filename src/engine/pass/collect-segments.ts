import type { Contact } from "../../core/contact.ts";
import type { Decision } from "../../core/flow/decision.ts";
import { type Priority, priorities } from "../../core/flow/priority.ts";
import { isTouched } from "../../core/segment/touched.ts";
import { updateMembership } from "../../core/segment/update-membership.ts";
import type { FlowCache } from "../../operations/flow-cache.ts";
import { type SegmentChange, segmentEvents } from "../../operations/segment-events.ts";
import type { ContactCheck } from "../../storage/contact-checks.ts";
import type { EventRow } from "../../storage/event-rows.ts";
import type { ChangedContact } from "../../storage/events.ts";
import type { ContactWork } from "./contact-work.ts";

/** The rows of a pass that segments have a part in. */
export type SegmentRows = {
  segmentChanges: (SegmentChange & { at: Date })[];
  checks: (ContactCheck & { dueAt: Date; isWhole: boolean })[];
  /** Contacts that runs have changed, to be looked at again. */
  changed: (ChangedContact & { priority: Priority })[];
  events: EventRow[];
  counts: Map<string, { workspaceId: string; subject: string; version: number; name: string; by: number }>;
};

type Context = { contact: Contact; flows: FlowCache; now: Date };

/** Compares the segments that a contact's work may have touched with those it is in, and adds what is another now. */
export function collectSegments(rows: SegmentRows, work: ContactWork, { contact, flows, now }: Context): void {
  const { key, workspaceId, segments } = work;
  if (segments.length === 0) return;
  const { entered, left, nextAt } = updateMembership(contact, segments, now);
  const member = { lane: key.lane, contactId: key.id, workspaceId };
  const cause = work.touch === "time" ? "time" : "change";
  const changes: SegmentChange[] = [
    ...entered.map((segmentId) => ({ ...member, segmentId, entered: true })),
    ...left.map((segmentId) => ({ ...member, segmentId, entered: false })),
  ];
  for (const change of changes) {
    rows.segmentChanges.push({ ...change, at: now });
    count(rows, change);
  }
  rows.events.push(
    ...segmentEvents(flows, changes, { cause, depth: work.depth + 1, priority: priorities.normal, now }),
  );
  if (nextAt !== null) rows.checks.push({ ...member, dueAt: nextAt, isWhole: work.isDue });
}

/** Has the contact looked at again when a run has changed what some segment looks at. */
export function collectTouched(
  rows: SegmentRows,
  { key, workspaceId, depth }: ContactWork,
  { decision, flows }: { decision: Decision; flows: FlowCache },
): void {
  if (!isTouched(flows.segments(workspaceId), decision.changes)) return;
  const runs = [...decision.runs.values()].map(({ run }) => run);
  // Flows may have asked for the same.
  const known = rows.changed.at(-1)?.contactId === key.id ? rows.changed.pop() : undefined;
  rows.changed.push({
    ...{ lane: key.lane, contactId: key.id, workspaceId, priority: known?.priority ?? priorities.normal },
    depth: Math.max(depth, ...runs.map((run) => run.depth)) + 1,
  });
}

function count(rows: SegmentRows, { workspaceId, segmentId, entered }: SegmentChange): void {
  const by = entered ? 1 : -1;
  const found = rows.counts.get(segmentId);
  if (found) found.by += by;
  else rows.counts.set(segmentId, { workspaceId, subject: segmentId, version: 0, name: "members", by });
}
