import type { ChannelName, Contact, ContactChange } from "../../core/contact.ts";
import type { StepKind } from "../../core/flow/step-kind.ts";
import { type UnsubscribeConfig, unsubscribeConfig } from "./schema.ts";

/** Takes the contact out of lists, and its addresses out of channels. A channel for which it has no address is named in the trail. */
export const unsubscribe: StepKind<UnsubscribeConfig> = {
  name: "unsubscribe",
  title: "Unsubscribe",
  config: unsubscribeConfig,
  exits: () => ["next"],
  refersTo: ({ lists }) => lists.map((id, index) => ({ kind: "list", id, path: `lists[${index}]` })),
  run({ lists, channels }, { contact, flowId, step }) {
    const source = `flow:${flowId}:${step}`;
    const left = lists.map((listId): ContactChange => ({ kind: "set-membership", listId, state: "unsubscribed" }));
    const reached = channels.filter((channel) => addressOf(contact, channel) !== null);
    const suppressed = reached.map((channel): ContactChange => {
      const address = addressOf(contact, channel) ?? "";
      return { kind: "suppress", channel, address, reason: "unsubscribed", source };
    });
    const skipped = channels.filter((channel) => !reached.includes(channel));
    return {
      kind: "go",
      exit: "next",
      changes: [...left, ...suppressed],
      detail: { lists, channels: reached, ...(skipped.length > 0 ? { noAddress: skipped } : {}) },
    };
  },
};

function addressOf({ email, phone }: Contact, channel: ChannelName): string | null {
  return channel === "email" ? email : phone;
}
