import { type Explanation, explain } from "../core/condition/condition.ts";
import { nextChangeAt } from "../core/condition/next-change.ts";
import { readsOf } from "../core/condition/reads.ts";
import { contactScope } from "../core/contact.ts";
import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { findContact, findContacts } from "../storage/contact-reads.ts";
import { findEnteredAt, pageSegmentMembers } from "../storage/segment-members.ts";
import { previewCondition } from "../storage/segment-preview.ts";
import { loadWorkspaceSegments, pageSegments } from "../storage/segments.ts";
import { withAllFacts } from "./contact-facts.ts";
import { type ContactView, viewContacts } from "./contact-view.ts";
import { newId } from "./new-id.ts";
import { makePage, type Page, type PageInput, readPage } from "./paging.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { knownId } from "./read-filter.ts";
import { readDefinition, refuseBrokenReferences } from "./segment-definition.ts";
import { requireSegment, type SegmentView, viewSegment, viewSegments } from "./segment-view.ts";

/** How long a preview may take, in milliseconds. */
const previewMs = 5000;
const sampleSize = 10;

/** A segment with how many contacts are in it. */
export async function getSegment(platform: Platform, caller: Caller, { id }: { id: string }): Promise<SegmentView> {
  requireScope(caller, "contacts:read");
  return viewSegment(platform.sql, await requireSegment(platform.sql, { workspaceId: caller.workspaceId, id }));
}

/** The segments of the workspace, newest first. */
export async function listSegments(platform: Platform, caller: Caller, input: PageInput): Promise<Page<SegmentView>> {
  requireScope(caller, "contacts:read");
  const { before, limit } = readPage(input);
  const rows = await pageSegments(platform.sql, { workspaceId: caller.workspaceId, before, limit: limit + 1 });
  const { data, nextCursor } = makePage(rows, limit, ({ id }) => id);
  return { data: await viewSegments(platform.sql, data), nextCursor };
}

/** All segments of the workspace, oldest first: there are at most 500. */
export async function listAllSegments({ sql }: Platform, caller: Caller): Promise<SegmentView[]> {
  requireScope(caller, "contacts:read");
  return viewSegments(sql, await loadWorkspaceSegments(sql, caller.workspaceId));
}

export type SegmentMemberView = { contactId: string; enteredAt: Date; contact: ContactView };

/** The contacts in a segment, the newest contact first. */
export async function listSegmentMembers(
  platform: Platform,
  caller: Caller,
  input: PageInput & { segmentId: string },
): Promise<Page<SegmentMemberView>> {
  requireScope(caller, "contacts:read");
  const { workspaceId } = caller;
  const { before, limit } = readPage(input);
  const { id: segmentId } = await requireSegment(platform.sql, { workspaceId, id: input.segmentId });
  const rows = await pageSegmentMembers(platform.sql, { workspaceId, segmentId, before, limit: limit + 1 });
  const { data, nextCursor } = makePage(rows, limit, ({ contactId }) => contactId);
  const records = await findContacts(platform.sql, { workspaceId, ids: data.map(({ contactId }) => contactId) });
  const contacts = new Map((await viewContacts(platform.sql, records)).map((contact) => [contact.id, contact]));
  const members = data.flatMap((row) => {
    const contact = contacts.get(row.contactId);
    return contact ? [{ ...row, contact }] : [];
  });
  return { data: members, nextCursor };
}

/** What a definition would come to, without storing anything: how many contacts, and some of them. Throws `took_too_long`. */
export async function previewSegment(
  platform: Platform,
  caller: Caller,
  input: { definition: Json },
): Promise<{ count: number; sample: ContactView[] }> {
  requireScope(caller, "contacts:read");
  const { workspaceId } = caller;
  const definition = readDefinition(input.definition);
  refuseBrokenReferences({ id: newId(), name: "", definition }, await loadWorkspaceSegments(platform.sql, workspaceId));
  const limits = { sample: sampleSize, limitMs: previewMs };
  const found = await previewCondition(platform.sql, { workspaceId, definition, now: platform.now(), ...limits });
  if (!found)
    throw new AppError("took_too_long", `A preview may take ${previewMs / 1000} seconds; this one takes longer.`);
  const records = await findContacts(platform.sql, { workspaceId, ids: found.ids });
  const sample = (await viewContacts(platform.sql, records)).sort((one, other) => (one.id > other.id ? -1 : 1));
  return { count: found.count, sample };
}

export type SegmentExplanation = {
  segmentId: string;
  contactId: string;
  isMember: boolean;
  enteredAt: Date | null;
  /** What the definition says of the contact at this moment, part by part. */
  definition: Explanation;
  /** When time alone may change that; null when it cannot. */
  nextChangeAt: Date | null;
};

/** Whether a contact is in a segment, and why. Throws `segment_not_found` and `contact_not_found`. */
export async function explainSegment(
  platform: Platform,
  caller: Caller,
  { segmentId, contactId }: { segmentId: string; contactId: string },
): Promise<SegmentExplanation> {
  requireScope(caller, "contacts:read");
  const { workspaceId } = caller;
  const { sql } = platform;
  const now = platform.now();
  const segment = await requireSegment(sql, { workspaceId, id: segmentId });
  const record = await findContact(sql, { workspaceId, id: knownId(contactId, "contact_not_found") });
  if (!record) throw new AppError("contact_not_found");
  const { updatedAt: _, ...row } = record;
  const [contact] = await withAllFacts(sql, [row], { reads: [readsOf([segment.definition])], now });
  if (!contact) throw new Error("A contact was lost.");
  const scope = { contact: contactScope(contact) };
  const enteredAt = await findEnteredAt(sql, { lane: contact.lane, contactId, segmentId });
  return {
    ...{ segmentId, contactId, isMember: enteredAt !== undefined, enteredAt: enteredAt ?? null },
    definition: explain(segment.definition, scope, now),
    nextChangeAt: nextChangeAt(segment.definition, scope, now),
  };
}
