import { AppError, type Issue } from "../../core/errors.ts";
import { type Address, domainOf } from "../../core/message/address.ts";
import { headerProblem, type Mail } from "../../core/message/mail.ts";
import type { ComposedEmail } from "../../core/message/transport.ts";
import { encodeBody } from "./body-encoding.ts";
import { encodeName, encodeText, headerLine, oneLine } from "./header-text.ts";
import { textFromHtml } from "./html-text.ts";

/** `id` must be unguessable (a UUID): the Message-ID and the boundary are made from it. */
export type ComposeOptions = { id: string; date: Date; envelopeFrom?: string };

/**
 * Writes a mail as MIME (RFC 5322, 2045 to 2047): multipart/alternative with a text and an HTML part. Throws
 * `invalid_request` when an extra header is one that mails may not carry.
 */
export function composeEmail(mail: Mail, { id, date, envelopeFrom }: ComposeOptions): ComposedEmail {
  const messageId = `<${id}@${domainOf(mail.from.address)}>`;
  const subject = oneLine(mail.subject);
  const boundary = `=_${id}`;
  const head = headers(mail, { messageId, subject, date });
  const type = headerLine("Content-Type", `multipart/alternative; boundary="${boundary}"`);
  const parts =
    part(boundary, "text/plain", mail.text ?? textFromHtml(mail.html)) + part(boundary, "text/html", mail.html);
  const raw = Buffer.from(`${head}MIME-Version: 1.0\r\n${type}\r\n${parts}--${boundary}--\r\n`);
  const envelope = { from: envelopeFrom ?? mail.from.address, to: [mail.to.address] };
  return { messageId, raw, envelope, sizeBytes: raw.length, subject };
}

function headers(mail: Mail, { messageId, subject, date }: { messageId: string; subject: string; date: Date }): string {
  const lines = [
    headerLine("From", mailbox(mail.from)),
    headerLine("To", mailbox(mail.to)),
    mail.replyTo ? headerLine("Reply-To", mailbox(mail.replyTo)) : "",
    headerLine("Subject", encodeText(subject)),
    headerLine("Message-ID", messageId),
    headerLine("Date", mailDate(date)),
    extraHeaders(mail.headers ?? {}),
  ];
  return lines.join("");
}

function extraHeaders(given: Record<string, string>): string {
  const names = Object.keys(given);
  const issues: Issue[] = names.flatMap((name) => {
    const message = headerProblem(name);
    return message ? [{ path: `headers.${name}`, message }] : [];
  });
  if (issues[0]) throw new AppError("invalid_request", issues[0].message, { issues });
  return names.map((name) => headerLine(name, encodeText(oneLine(given[name] ?? "")))).join("");
}

function mailbox({ address, name }: Address): string {
  const shown = oneLine(name ?? "");
  return shown === "" ? address : `${encodeName(shown)} <${address}>`;
}

/** `Sun, 01 Mar 2026 10:00:00 +0000`: RFC 5322 wants a numeric zone, `toUTCString` ends in GMT. */
function mailDate(date: Date): string {
  return `${date.toUTCString().slice(0, -3)}+0000`;
}

function part(boundary: string, type: string, text: string): string {
  const { encoding, content } = encodeBody(text);
  return `--${boundary}\r\nContent-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}\r\n`;
}
