import { type Activity, rememberKnown } from "./flow/activity.ts";
import type { Json, JsonObject } from "./json.ts";
import { isoText } from "./time.ts";

/** The three ways to know a contact, in order of precedence when they point to different contacts. */
export const identityKinds = ["externalId", "email", "phone"] as const;
export type IdentityKind = (typeof identityKinds)[number];

export const membershipStates = ["subscribed", "unsubscribed", "unconfirmed"] as const;
export type MembershipState = (typeof membershipStates)[number];

export const channelNames = ["email", "whatsapp", "sms"] as const;
export type ChannelName = (typeof channelNames)[number];

/**
 * A contact as the engine sees it. `lists` maps the id of each list the contact is known to, to its state there. `segments` and `activity` are
 * there when something that looks at the contact asks for them.
 */
export type Contact = {
  id: string;
  lane: number;
  workspaceId: string;
  externalId: string | null;
  email: string | null;
  phone: string | null;
  properties: JsonObject;
  tags: string[];
  lists: Record<string, MembershipState>;
  timeZone: string | null;
  locale: string | null;
  createdAt: Date;
  segments?: readonly string[];
  activity?: Activity;
};

/** A change that a flow makes to a contact, as data. A property set to null is removed. */
export type ContactChange =
  | { kind: "set-properties"; properties: Record<string, Json> }
  | { kind: "add-tags"; tags: string[] }
  | { kind: "remove-tags"; tags: string[] }
  | { kind: "set-membership"; listId: string; state: MembershipState }
  /** No message goes to the address on this channel any more. */
  | { kind: "suppress"; channel: ChannelName; address: string; reason: string; source: string };

/** Property names that the built-in fields of a contact take. */
export const reservedProperties = [
  "id",
  "externalId",
  "email",
  "phone",
  "tags",
  "lists",
  "timeZone",
  "locale",
  "createdAt",
  "segments",
] as const;

const views = new WeakMap<Contact, JsonObject>();

/**
 * The contact as templates and conditions see it: built-in fields win over properties of the same name. Made once for a contact;
 * a changed contact is a new value.
 */
export function contactScope(contact: Contact): JsonObject {
  const made = views.get(contact);
  if (made) return made;
  const builtIn: JsonObject = {
    id: contact.id,
    externalId: contact.externalId,
    email: contact.email,
    phone: contact.phone,
    tags: contact.tags,
    lists: Object.keys(contact.lists).filter((id) => contact.lists[id] === "subscribed"),
    timeZone: contact.timeZone,
    locale: contact.locale,
    createdAt: isoText(contact.createdAt),
  };
  if (contact.segments !== undefined) builtIn["segments"] = [...contact.segments];
  const isBare = Object.keys(contact.properties).length === 0;
  const view = isBare ? builtIn : { ...contact.properties, ...builtIn };
  const { activity, segments } = contact;
  if (activity || segments)
    rememberKnown(view, { ...(activity ? { activity } : {}), ...(segments ? { segments } : {}) });
  views.set(contact, view);
  return view;
}

/** The contact after `change`, as a new value. */
export function applyChange(contact: Contact, change: ContactChange): Contact {
  switch (change.kind) {
    case "set-properties":
      return { ...contact, properties: mergeProperties(contact.properties, change.properties) };
    case "add-tags":
      return { ...contact, tags: [...new Set([...contact.tags, ...change.tags])] };
    case "remove-tags":
      return { ...contact, tags: contact.tags.filter((tag) => !change.tags.includes(tag)) };
    case "set-membership":
      return { ...contact, lists: { ...contact.lists, [change.listId]: change.state } };
    case "suppress":
      return contact;
  }
}

/** `properties` with `changes` laid over them; a null removes the property. */
export function mergeProperties(properties: JsonObject, changes: Record<string, Json>): JsonObject {
  const merged: JsonObject = { ...properties, ...changes };
  for (const name of Object.keys(changes)) if (changes[name] === null) delete merged[name];
  return merged;
}
