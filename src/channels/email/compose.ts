import { AppError, type Issue } from "../../core/errors.ts";
import { type Address, domainOf } from "../../core/message/address.ts";
import { headerProblem, type Mail } from "../../core/message/mail.ts";
import type { ComposedEmail } from "../../core/message/transport.ts";
import { mixedEntity } from "./attachments.ts";
import { encodeBody } from "./body-encoding.ts";
import { encodeName, encodeText, headerLine, oneLine } from "./header-text.ts";
import { textFromHtml } from "./html-text.ts";

/** `id` must be unguessable (a UUID): the Message-ID and the boundary are made from it. */
export type ComposeOptions = { id: string; date: Date; envelopeFrom?: string };

/**
 * Writes a mail as MIME (RFC 5322, 2045 to 2047): multipart/alternative with a text and an HTML part, or the text alone, and around it
 * multipart/mixed when there are attachments. Throws `invalid_request` when an extra header is one that mails may not carry.
 */
export function composeEmail(mail: Mail, { id, date, envelopeFrom }: ComposeOptions): ComposedEmail {
  const messageId = `<${id}@${domainOf(mail.from.address)}>`;
  const subject = oneLine(mail.subject);
  const head = headers(mail, { messageId, subject, date });
  const body = bodyEntity(mail, `=_${id}`);
  const attachments = mail.attachments ?? [];
  const entity = attachments.length === 0 ? body : mixedEntity(body, attachments, `=_m${id}`);
  const raw = Buffer.from(`${head}MIME-Version: 1.0\r\n${entity}`);
  const envelope = { from: envelopeFrom ?? mail.from.address, to: [mail.to.address] };
  return { messageId, raw, envelope, sizeBytes: raw.length, subject };
}

function headers(mail: Mail, { messageId, subject, date }: { messageId: string; subject: string; date: Date }): string {
  const lines = [
    headerLine("From", mailbox(mail.from)),
    headerLine("To", mailboxes(mail.shown?.to ?? [mail.to]) || "undisclosed-recipients:;"),
    mail.shown && mail.shown.cc.length > 0 ? headerLine("Cc", mailboxes(mail.shown.cc)) : "",
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

/** The body with its own headers: text and HTML as alternatives, or text alone. */
function bodyEntity({ html, text }: Mail, boundary: string): string {
  if (html === undefined) return textEntity("text/plain", text ?? "");
  const type = headerLine("Content-Type", `multipart/alternative; boundary="${boundary}"`);
  const parts = part(boundary, "text/plain", text ?? textFromHtml(html)) + part(boundary, "text/html", html);
  return `${type}\r\n${parts}--${boundary}--\r\n`;
}

function mailboxes(addresses: readonly Address[]): string {
  return addresses.map(mailbox).join(", ");
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
  return `--${boundary}\r\n${textEntity(type, text)}`;
}

function textEntity(type: string, text: string): string {
  const { encoding, content } = encodeBody(text);
  return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${content}\r\n`;
}
