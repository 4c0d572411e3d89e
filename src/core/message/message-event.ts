/** What flows can hear of a message: what came of handing it over, and what its receiver did. */
export const messageEventNames = [
  "sent",
  "delivered",
  "opened",
  "clicked",
  "deferred",
  "bounced",
  "failed",
  "held",
  "unknown",
] as const;
export type MessageEventName = (typeof messageEventNames)[number];

/** What is reported of a message after it was sent: by its channel, or by an application that knows. */
export const messageFeedback = ["delivered", "opened", "clicked"] as const satisfies readonly MessageEventName[];
export type MessageFeedback = (typeof messageFeedback)[number];

export const messageChannels = ["email", "whatsapp", "sms"] as const;
export type MessageChannel = (typeof messageChannels)[number];

export const maxLinkLength = 2000;
