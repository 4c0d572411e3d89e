import { evaluate } from "../condition/condition.ts";
import { nextChangeAt } from "../condition/next-change.ts";
import { type Contact, contactScope } from "../contact.ts";
import type { CompiledSegment } from "./segment-set.ts";

/** What became of a contact's segments. `nextAt`: when time alone may change one of them, null when it cannot. */
export type MembershipUpdate = { entered: string[]; left: string[]; nextAt: Date | null };

/**
 * Looks at `segments`, in the order of their set, for a contact that was loaded with all that they look at; `contact.segments` are those it is in
 * so far. A segment sees what those before it came to. Pure.
 */
export function updateMembership(contact: Contact, segments: readonly CompiledSegment[], now: Date): MembershipUpdate {
  const update: MembershipUpdate = { entered: [], left: [], nextAt: null };
  let present = contact;
  for (const { id, definition, reads } of segments) {
    const scope = { contact: contactScope(present) };
    const was = present.segments?.includes(id) ?? false;
    const is = evaluate(definition, scope, now);
    if (reads.isTimed) update.nextAt = earlier(update.nextAt, nextChangeAt(definition, scope, now));
    if (was === is) continue;
    (is ? update.entered : update.left).push(id);
    const others = (present.segments ?? []).filter((other) => other !== id);
    present = { ...present, segments: is ? [...others, id] : others };
  }
  return update;
}

function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
