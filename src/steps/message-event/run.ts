import { admitWhere, refuse } from "../../core/flow/admission.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import type { Json } from "../../core/json.ts";
import { type MessageEventConfig, messageEventConfig } from "./schema.ts";

/** Starts the flow when something becomes of a message to the contact; `event` has message, channel, flow, step and link. */
export const messageEvent: EntryKind<MessageEventConfig> = {
  name: "message-event",
  title: "Message sent, opened, clicked ...",
  config: messageEventConfig,
  listensTo: ({ event }) => [occurrenceName.message(event)],
  accepts(config, { name, payload }, context) {
    if (name !== occurrenceName.message(config.event)) return refuse("other_event");
    const { channel, flow, step, link, where } = config;
    if (channel !== undefined && payload["channel"] !== channel) return refuse("other_channel", { channel });
    if (flow !== undefined && payload["flow"] !== flow) return refuse("other_message");
    if (step !== undefined && payload["step"] !== step) return refuse("other_message");
    if (link !== undefined && !isLink(payload["link"], link)) return refuse("other_link");
    return admitWhere(where, context);
  },
};

function isLink(clicked: Json | undefined, link: string): boolean {
  if (typeof clicked !== "string") return false;
  return link.endsWith("*") ? clicked.startsWith(link.slice(0, -1)) : clicked === link;
}
