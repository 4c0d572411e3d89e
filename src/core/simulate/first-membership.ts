import type { Contact } from "../contact.ts";
import type { SegmentSet } from "../segment/segment-set.ts";
import { type MembershipUpdate, updateMembership } from "../segment/update-membership.ts";

/** The segments of a contact as it is before anything happens: what it says itself, or what the definitions say of it. */
export function firstMembership(contact: Contact, segments: SegmentSet, now: Date): MembershipUpdate {
  const known = { ...contact, segments: contact.segments ?? [] };
  const update = updateMembership(known, segments.all, now);
  return contact.segments === undefined ? update : { ...update, entered: [], left: [] };
}
