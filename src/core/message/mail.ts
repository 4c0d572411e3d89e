import type { Address } from "./address.ts";

/** A file that goes with a mail; `content` is base64. */
export type Attachment = { name: string; type: string; content: string };

/**
 * One e-mail to one person, before it is composed. `text` is made from `html` when it is absent; without `html` there is only text.
 * `shown` is what stands in To and Cc when others get the same mail.
 */
export type Mail = {
  from: Address;
  to: Address;
  shown?: { to: readonly Address[]; cc: readonly Address[] };
  replyTo?: Address;
  subject: string;
  html?: string;
  text?: string;
  headers?: Record<string, string>;
  attachments?: readonly Attachment[];
};

const namePattern = /^[!-9;-~]{1,76}$/;
const ownHeaders = new Set([
  "from",
  "to",
  "cc",
  "bcc",
  "sender",
  "reply-to",
  "subject",
  "date",
  "message-id",
  "mime-version",
  "received",
  "return-path",
  "delivered-to",
  "dkim-signature",
  "domainkey-signature",
  "authentication-results",
  "received-spf",
]);
const ownPrefixes = ["content-", "resent-", "arc-"];

/**
 * The sentence that says why a mail may not carry an extra header of this name, or null when it may. Refused are the names
 * that decide who gets the mail, what is in it, or whom it claims to come from.
 */
export function headerProblem(name: string): string | null {
  if (!namePattern.test(name)) return `"${name.slice(0, 76)}" is no header name (RFC 5322, section 2.2).`;
  const lower = name.toLowerCase();
  const isOwn = ownHeaders.has(lower) || ownPrefixes.some((prefix) => lower.startsWith(prefix));
  return isOwn ? `The header ${name} is set by the server and cannot be given.` : null;
}
