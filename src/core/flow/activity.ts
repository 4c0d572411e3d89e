import type { JsonObject } from "../json.ts";

/** One event of a contact as conditions see it. */
export type PastEvent = { name: string; payload: JsonObject; occurredAt: Date };

/** Something that became of a message to the contact: sent, delivered, opened, clicked, ... */
export type PastMessageEvent = {
  type: string;
  at: Date;
  messageId: string;
  flowId: string | null;
  step: string | null;
  link: string | null;
};

/** What a contact has done, as far as the conditions at hand ask for it. Newest first. */
export type Activity = { events: readonly PastEvent[]; messages: readonly PastMessageEvent[] };

export const noActivity: Activity = { events: [], messages: [] };

/** What is known of a contact besides what templates see of it. */
type Known = { activity: Activity; segments: readonly string[] };

const nothing: Known = { activity: noActivity, segments: [] };
const known = new WeakMap<object, Known>();

/** Ties what a contact has done to its view, so that conditions find it wherever the view stands as `contact` in a scope. */
export function rememberKnown(view: JsonObject, facts: Partial<Known>): void {
  known.set(view, { ...nothing, ...facts });
}

/** What is known of the contact of a scope; nothing when it was not loaded. */
export function knownOf({ contact }: JsonObject): Known {
  return (typeof contact === "object" && contact !== null && known.get(contact)) || nothing;
}
