import type { Contact, MembershipState } from "../contact.ts";
import type { Json } from "../json.ts";
import { occurrenceName } from "./occurrence-names.ts";
import type { NewOccurrence } from "./step-kind.ts";

/** The parts of a contact whose change flows can listen to. */
export type Changeable = Pick<Contact, "properties" | "tags" | "lists">;

/**
 * The events that a change of a contact comes to, of those that somebody `hears`. `set` names properties that were set by hand, so that
 * one set to the value it had is told too, as the same.
 */
export function changeOccurrences(
  before: Changeable,
  after: Changeable,
  { hears, set = [] }: { hears: (name: string) => boolean; set?: readonly string[] },
): NewOccurrence[] {
  if (before === after && set.length === 0) return [];
  const made = [...propertyChanges(before, after, set), ...tagChanges(before, after), ...listChanges(before, after)];
  return made.filter(({ name }) => hears(name));
}

function propertyChanges(before: Changeable, after: Changeable, set: readonly string[]): NewOccurrence[] {
  if (before.properties === after.properties && set.length === 0) return [];
  const names = new Set([...Object.keys(before.properties), ...Object.keys(after.properties), ...set]);
  return [...names].flatMap((property) => {
    const [old, next] = [before.properties[property] ?? null, after.properties[property] ?? null];
    const isSame = isEqual(old, next);
    if (isSame && !set.includes(property)) return [];
    const payload = { property, before: old, after: next, ...(isSame ? { isSame } : {}) };
    return [{ name: occurrenceName.property(property), payload }];
  });
}

function tagChanges({ tags: before }: Changeable, { tags: after }: Changeable): NewOccurrence[] {
  if (before === after) return [];
  const added = after.filter((tag) => !before.includes(tag));
  const removed = before.filter((tag) => !after.includes(tag));
  return [
    ...added.map((tag) => ({ name: occurrenceName.tagAdded(tag), payload: { tag } })),
    ...removed.map((tag) => ({ name: occurrenceName.tagRemoved(tag), payload: { tag } })),
  ];
}

function listChanges({ lists: before }: Changeable, { lists: after }: Changeable): NewOccurrence[] {
  if (before === after) return [];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((list) => {
    const [was, is] = [isMember(before[list]), isMember(after[list])];
    if (was === is) return [];
    return [{ name: is ? occurrenceName.listJoined(list) : occurrenceName.listLeft(list), payload: { list } }];
  });
}

function isMember(state: MembershipState | undefined): boolean {
  return state === "subscribed";
}

/** Equal as JSON, whatever the order of keys. */
function isEqual(one: Json, other: Json): boolean {
  return one === other || canonical(one) === canonical(other);
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_key, inner: Json) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
