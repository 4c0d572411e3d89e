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
