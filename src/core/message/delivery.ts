/** Why a mail was not accepted, in one word; the words are kept, shown and counted. `none` goes with `sent`. */
export const deliveryClasses = [
  "none",
  "invalid_recipient",
  "mailbox_full",
  "mailbox_inactive",
  "too_large",
  "spam_block",
  "policy",
  "relay_denied",
  "sender_rejected",
  "rate_limited",
  "greylisted",
  "timeout",
  "dns",
  "connection",
  "tls",
  "authentication",
  "expired",
  "generic",
  "undetermined",
] as const;
export type DeliveryClass = (typeof deliveryClasses)[number];

/** What a server said: the reply code of RFC 5321, the enhanced code of RFC 3463 when there was one, and the text. */
export type SmtpReply = { code: number; enhancedCode?: string; text: string };

/**
 * What came of one attempt to hand a message over. `deferred` may succeed later, `bounced` never will.
 * `maybeAccepted`: everything was sent, but the connection ended before the answer came; nobody can know.
 * `transcript` holds the commands and replies of this message, without secrets and without the body, at most 8 KB.
 */
export type Delivery = {
  outcome: "sent" | "deferred" | "bounced";
  class: DeliveryClass;
  reply: SmtpReply | null;
  reason: string;
  transcript: string[];
  durationMs: number;
  maybeAccepted: boolean;
};

export type Verdict = Pick<Delivery, "outcome" | "class">;
