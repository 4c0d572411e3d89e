import { expect, test } from "vitest";
import type { SmtpReply } from "../../core/message/delivery.ts";
import { classifyNetworkError, classifyReply, type SmtpStage } from "./classify.ts";
import { ReplyParser } from "./smtp/reply-parser.ts";

const reply = (line: string): SmtpReply => new ReplyParser().feed(Buffer.from(`${line}\r\n`))[0] as SmtpReply;

test.each<[string, SmtpStage, string, string]>([
  ["250 2.0.0 Ok: queued as 4F2A61C0B9", "end", "sent", "none"],
  ["250 OK", "end", "sent", "none"],
  ["251 User not local; will forward to <b@c.example>", "end", "sent", "none"],
  [
    "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address",
    "rcpt",
    "bounced",
    "invalid_recipient",
  ],
  [
    "550 5.1.1 <nobody@mail.example>: Recipient address rejected: User unknown in virtual mailbox table",
    "rcpt",
    "bounced",
    "invalid_recipient",
  ],
  ["550 No such user here", "rcpt", "bounced", "invalid_recipient"],
  ["550 Requested action not taken", "rcpt", "bounced", "invalid_recipient"],
  ["553 sorry, that domain isn't in my list of allowed rcpthosts", "rcpt", "bounced", "invalid_recipient"],
  ["550 5.4.1 Recipient address rejected: Access denied. [AS(201806281)]", "rcpt", "bounced", "policy"],
  ["552 5.2.2 The email account that you tried to reach is over quota", "rcpt", "bounced", "mailbox_full"],
  ["452 4.2.2 The email account that you tried to reach is over quota", "rcpt", "deferred", "mailbox_full"],
  ["552 Mailbox full", "rcpt", "bounced", "mailbox_full"],
  ["550 5.2.1 The email account that you tried to reach is disabled", "rcpt", "bounced", "mailbox_inactive"],
  [
    "554 delivery error: dd This user doesn't have a yahoo.com account; account has been suspended",
    "end",
    "bounced",
    "mailbox_inactive",
  ],
  ["552 5.3.4 Message size exceeds fixed limit", "mail", "bounced", "too_large"],
  ["552 Message too large", "end", "bounced", "too_large"],
  ["554 5.7.1 <b@far.example>: Relay access denied", "rcpt", "bounced", "relay_denied"],
  ["550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "rcpt", "bounced", "relay_denied"],
  [
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org",
    "rcpt",
    "bounced",
    "spam_block",
  ],
  ["550 5.7.1 Our system has detected that this message is likely unsolicited mail.", "end", "bounced", "spam_block"],
  ["550 5.7.26 This mail has been blocked because the sender is unauthenticated.", "end", "bounced", "policy"],
  ["550 5.7.1 Email rejected per DMARC policy", "end", "bounced", "policy"],
  ["550 5.1.8 <a@nowhere.invalid>: Sender address rejected: Domain not found", "mail", "bounced", "sender_rejected"],
  [
    "450 4.2.0 <b@mail.example>: Recipient address rejected: Greylisted, see http://postgrey.example",
    "rcpt",
    "deferred",
    "greylisted",
  ],
  ["451 4.7.1 Please try again later (graylisting)", "rcpt", "deferred", "greylisted"],
  [
    "421 4.7.28 Our system has detected an unusual rate of mail originating from your IP address",
    "end",
    "deferred",
    "rate_limited",
  ],
  [
    "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents delivery",
    "rcpt",
    "deferred",
    "rate_limited",
  ],
  ["421 4.3.2 Too many connections", "mail", "deferred", "rate_limited"],
  ["421 Service closing transmission channel", "mail", "deferred", "connection"],
  ["452 4.3.1 Insufficient system storage", "mail", "deferred", "generic"],
  ["451 4.3.0 Temporary lookup failure", "rcpt", "deferred", "generic"],
  ["450 4.1.2 <b@gone.example>: Recipient address rejected: Domain not found", "rcpt", "deferred", "dns"],
  [
    "550 5.4.4 Host or domain name not found. Name service error for name=gone.example type=A",
    "rcpt",
    "bounced",
    "dns",
  ],
  ["535 5.7.8 Error: authentication failed: authentication failure", "mail", "deferred", "authentication"],
  ["530 5.7.0 Authentication Required", "mail", "deferred", "authentication"],
  ["530 Must issue a STARTTLS command first", "mail", "deferred", "authentication"],
  ["554 Transaction failed", "end", "bounced", "generic"],
  ["554 No SMTP service here", "connect", "deferred", "generic"],
  ["250", "end", "sent", "none"],
  ["354 Start mail input", "end", "deferred", "undetermined"],
])("reads %s at %s as %s, %s", (line, stage, ...[outcome, kind]) => {
  expect(classifyReply(reply(line), stage)).toEqual({ outcome, class: kind });
});

test.each([
  ["ENOTFOUND", "dns"],
  ["EAI_AGAIN", "dns"],
  ["ECONNREFUSED", "connection"],
  ["ECONNRESET", "connection"],
  ["EHOSTUNREACH", "connection"],
  ["ETIMEDOUT", "timeout"],
  ["CERT_HAS_EXPIRED", "tls"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "tls"],
  [undefined, "connection"],
])("reads the network error %s as %s", (code, kind) => {
  expect(classifyNetworkError(code)).toBe(kind);
});

test("looks through a reply of 100 KB without delay", () => {
  const startedAt = performance.now();
  classifyReply({ code: 550, text: "mailbox for a user ".repeat(6_000) }, "rcpt");
  expect(performance.now() - startedAt).toBeLessThan(200);
});
