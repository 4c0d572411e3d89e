import type { Contact, MembershipState } from "../contact.ts";
import { equalJson } from "../equal-json.ts";
import type { Json } from "../json.ts";
import { occurrenceName } from "./occurrence-names.ts";
import type { NewOccurrence } from "./step-kind.ts";

/** The parts of a contact whose change flows can listen to. */
export type Changeable = Pick<Contact, "properties" | "tags" | "lists">;

/**
 * The events that a change of a contact comes to, of those that somebody `hears`. `set` names the properties that were named in the
 * change, so that one set to the value it had is told too, under a name of its own. Where the lists of both are the same value they were not touched.
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

/** Whether anything that flows can listen to is another than before. */
export function isChanged(before: Changeable, after: Changeable): boolean {
  return changeOccurrences(before, after, { hears: () => true }).length > 0;
}

function propertyChanges(before: Changeable, after: Changeable, set: readonly string[]): NewOccurrence[] {
  if (before.properties === after.properties && set.length === 0) return [];
  const names = new Set([...Object.keys(before.properties), ...Object.keys(after.properties), ...set]);
  return [...names].flatMap((property) => {
    const [old, next] = [propertyOf(before, property), propertyOf(after, property)];
    const payload = { property, before: old, after: next };
    if (!equalJson(old, next)) return [{ name: occurrenceName.property(property), payload }];
    // To take away what is not there sets nothing.
    if (next === null || !set.includes(property)) return [];
    return [{ name: occurrenceName.propertySetAgain(property), payload: { ...payload, isSame: true } }];
  });
}

function propertyOf({ properties }: Changeable, name: string): Json {
  return (Object.hasOwn(properties, name) ? properties[name] : null) ?? null;
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
