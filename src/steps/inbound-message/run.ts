import { admitWhere, refuse } from "../../core/flow/admission.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { EntryKind } from "../../core/flow/step-kind.ts";
import type { Json } from "../../core/json.ts";
import { plainText } from "../../core/message/plain-text.ts";
import { type InboundMessageConfig, inboundMessageConfig } from "./schema.ts";

/** Starts the flow when a message comes from the contact; `event` has channel, text and from. */
export const inboundMessage: EntryKind<InboundMessageConfig> = {
  name: "inbound-message",
  title: "Message from the contact",
  config: inboundMessageConfig,
  listensTo: () => [occurrenceName.inbound],
  accepts(config, { name, payload }, context) {
    if (name !== occurrenceName.inbound) return refuse("other_event");
    const { channel, where } = config;
    if (channel !== undefined && payload["channel"] !== channel) return refuse("other_channel", { channel });
    if (!hasKeyword(config, payload["text"])) return refuse("no_keyword");
    return admitWhere(where, context);
  },
};

function hasKeyword({ keywords, match }: InboundMessageConfig, said: Json | undefined): boolean {
  if (keywords === undefined) return true;
  const text = plainText(typeof said === "string" ? said : "");
  return keywords.map(plainText).some((keyword) => (match === "exact" ? text === keyword : text.includes(keyword)));
}
