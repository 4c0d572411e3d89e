import type { ContactChange } from "../contact.ts";
import type { Work } from "../flow/decide.ts";
import type { CompiledSegment, SegmentSet } from "./segment-set.ts";

/** The segments whose membership a contact's work may have changed; `isDue`: time alone may have, too. */
export function segmentsOfWork(set: SegmentSet, work: readonly Work[], isDue: boolean): readonly CompiledSegment[] {
  if (set.all.length === 0) return [];
  const events = work.flatMap((item) => (item.kind === "event" ? [item.occurrence.name] : []));
  const isChanged = work.some((item) => item.kind === "changed");
  if (events.length === 0 && !isChanged && !isDue) return [];
  return set.touchedBy({ fields: isChanged ? "any" : noFields, events, time: isDue });
}

/** True when some segment looks at what runs have changed of a contact, so that it is to be looked at again. */
export function isTouched({ readsContacts, touchedBy }: SegmentSet, changes: readonly ContactChange[]): boolean {
  if (!readsContacts || changes.length === 0) return false;
  const fields = new Set(changes.flatMap(fieldsOf));
  return touchedBy({ fields, events: [], time: false }).length > 0;
}

const noFields: ReadonlySet<string> = new Set();

function fieldsOf(change: ContactChange): string[] {
  if (change.kind === "set-properties") return Object.keys(change.properties);
  return change.kind === "set-membership" ? ["lists"] : ["tags"];
}
