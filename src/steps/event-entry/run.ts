import { evaluate, explain } from "../../core/condition/condition.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { type EventEntryConfig, eventEntryConfig } from "./schema.ts";

/** Starts the flow when an event of the given name arrives for a contact and the condition holds. */
export const eventEntry: EntryKind<EventEntryConfig> = {
  name: "event",
  title: "Event",
  config: eventEntryConfig,
  listensTo: ({ event }) => [event],
  accepts({ event, where }, { name, target }, { entry, scope, now }) {
    if (name !== event) return { admit: false, reason: "other_event" };
    if (target?.entry !== undefined && target.entry !== entry) return { admit: false, reason: "other_entry" };
    if (where === undefined || evaluate(where, scope, now)) return { admit: true };
    return { admit: false, reason: "condition_not_met", detail: { condition: explain(where, scope, now) } };
  },
};
