import type { EntryKind } from "../../core/flow/step-kind.ts";
import { exampleCall } from "./example-call.ts";
import { mapCall } from "./map-call.ts";
import { type IncomingCallConfig, incomingCallConfig, incomingCallEvent } from "./schema.ts";

/** Starts the flow when its own URL is called. Who the contact is was settled from the body before (`mapCall`). */
export const incomingCall: EntryKind<IncomingCallConfig> = {
  name: "incoming-call",
  title: "Incoming call",
  config: incomingCallConfig,
  listensTo: () => [incomingCallEvent],
  accepts(_config, { name, target }, { entry }) {
    if (name !== incomingCallEvent) return { admit: false, reason: "other_event" };
    return target?.entry === entry ? { admit: true } : { admit: false, reason: "other_entry" };
  },
  call: {
    settings: ({ auth, list = null }) => ({ event: incomingCallEvent, auth, list }),
    read: (config, body) => ({ ...mapCall(config, body), paths: config.map }),
    example: exampleCall,
  },
};
