import { admitWhere, refuse } from "../../core/flow/admission.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import { type EventEntryConfig, eventEntryConfig } from "./schema.ts";

/** Starts the flow when an event of the given name arrives for a contact and the condition holds. */
export const eventEntry: EntryKind<EventEntryConfig> = {
  name: "event",
  title: "Event",
  config: eventEntryConfig,
  listensTo: ({ event }) => [event],
  accepts({ event, where }, { name, target }, { entry, scope, now }) {
    if (name !== event) return refuse("other_event");
    if (target?.entry !== undefined && target.entry !== entry) return refuse("other_entry");
    return admitWhere(where, { scope, now });
  },
};
