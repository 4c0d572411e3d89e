import { type Condition, evaluate } from "../condition/condition.ts";
import { type ConditionReads, readsOf } from "../condition/reads.ts";
import { occurrenceName } from "../flow/occurrence-names.ts";

/** A segment as its workspace has defined it. */
export type Segment = { id: string; name: string; definition: Condition };

/** The same, with what its definition looks at. `welcomesNew`: a contact of whom nothing is known yet is in it. */
export type CompiledSegment = Segment & { reads: ConditionReads; welcomesNew: boolean };

/** What has happened to a contact, as far as segments may care. `fields`: the names of those that changed, `any` when that is not known. */
export type Touch = { fields: "any" | ReadonlySet<string>; events: readonly string[]; time: boolean };

/** The segments of a workspace, those that others look at before the others. */
export type SegmentSet = {
  all: readonly CompiledSegment[];
  /** True when some segment looks at events of the name; those that tell of messages are among them. */
  hears(eventName: string): boolean;
  /** True when a contact that is new or was changed may be in other segments than before. */
  readsContacts: boolean;
  /** True when the membership of some contact may change by time alone. */
  isTimed: boolean;
  /** The segments whose answer may be another after `touch`, and those that look at them. */
  touchedBy(touch: Touch): readonly CompiledSegment[];
};

/** Makes the set of a workspace. */
export function compileSegments(segments: readonly Segment[]): SegmentSet {
  const all = inOrder(segments.map(compile));
  const heard = new Set(all.flatMap(({ reads }) => eventNames(reads)));
  // Asked for every contact of a pass, and there are few different answers.
  const touched = new Map<string, readonly CompiledSegment[]>();
  return {
    all,
    hears: (eventName) => heard.has(eventName),
    readsContacts: all.some(readsContact),
    isTimed: all.some(({ reads }) => reads.isTimed),
    touchedBy(touch) {
      const key = keyOf(touch, heard);
      const known = touched.get(key);
      if (known) return known;
      const found = withReaders(all, (segment) => isTouched(segment, touch));
      if (touched.size < 1000) touched.set(key, found);
      return found;
    },
  };
}

export const noSegments: SegmentSet = compileSegments([]);

/** The way around, from a segment over others to itself, as names; null when there is none. */
export function findCircle(segments: readonly Segment[], from: string): string[] | null {
  const byId = new Map(segments.map((segment) => [segment.id, segment]));
  const seen = new Set<string>();
  const walk = (id: string, way: string[]): string[] | null => {
    const segment = byId.get(id);
    if (!segment) return null;
    const names = [...way, segment.name];
    if (way.length > 0 && id === from) return names;
    if (seen.has(id)) return null;
    seen.add(id);
    for (const next of readsOf([segment.definition]).segments) {
      const found = walk(next, names);
      if (found) return found;
    }
    return null;
  };
  return walk(from, []);
}

/** The segments that look at the one of this id, directly or by way of others, without itself. */
export function readersOf(all: readonly CompiledSegment[], id: string): CompiledSegment[] {
  return withReaders(all, (segment) => segment.id === id).filter((segment) => segment.id !== id);
}

function compile(segment: Segment): CompiledSegment {
  const { definition } = segment;
  // The instant does not matter: nothing is there that could be near it.
  const welcomesNew = evaluate(definition, { contact: {} }, new Date(0));
  return { ...segment, reads: readsOf([definition]), welcomesNew };
}

function readsContact({ reads, welcomesNew }: CompiledSegment): boolean {
  return reads.fields.size > 0 || welcomesNew;
}

function withReaders(all: readonly CompiledSegment[], isFirst: (segment: CompiledSegment) => boolean) {
  const found = new Set<string>();
  for (const segment of all)
    if (isFirst(segment) || [...segment.reads.segments].some((id) => found.has(id))) found.add(segment.id);
  return all.filter(({ id }) => found.has(id));
}

function isTouched(segment: CompiledSegment, { fields, events, time }: Touch): boolean {
  const { reads } = segment;
  if (time && reads.isTimed) return true;
  if (fields === "any" ? readsContact(segment) : [...fields].some((name) => reads.fields.has(name))) return true;
  return events.length > 0 && eventNames(reads).some((name) => events.includes(name));
}

function keyOf({ fields, events, time }: Touch, heard: ReadonlySet<string>): string {
  const names = [...new Set(events)].filter((name) => heard.has(name)).sort();
  return JSON.stringify([fields === "any" ? fields : [...fields].sort(), names, time]);
}

function eventNames({ events, messages }: ConditionReads): string[] {
  return [...events.map(({ name }) => name), ...[...messages].map((type) => occurrenceName.message(type))];
}

/** Each after those that it looks at. A circle, which nobody can have stored, is taken as it comes. */
function inOrder(segments: readonly CompiledSegment[]): CompiledSegment[] {
  const byId = new Map(segments.map((segment) => [segment.id, segment]));
  const ordered = new Set<CompiledSegment>();
  const entered = new Set<string>();
  const add = (segment: CompiledSegment): void => {
    if (entered.has(segment.id)) return;
    entered.add(segment.id);
    for (const id of segment.reads.segments) {
      const read = byId.get(id);
      if (read) add(read);
    }
    ordered.add(segment);
  };
  for (const segment of segments) add(segment);
  return [...ordered];
}
