import { isStorableText } from "../condition/storable-text.ts";
import type { Issue } from "../errors.ts";
import { joinPath } from "../issues.ts";
import type { JsonObject } from "../json.ts";
import { checkTemplate, type TemplateMode } from "../template/template.ts";
import { type Address, parseAddress } from "./address.ts";
import { attachmentType } from "./attachment-type.ts";
import { type Attachment, headerProblem } from "./mail.ts";
import type { OwnMail } from "./own-mail.ts";

/** A mail as a caller gives it. Addresses may have a name: `Anna <anna@mail.example>`; the content of attachments is base64. */
export type OwnMailInput = {
  to: readonly string[];
  cc?: readonly string[] | undefined;
  bcc?: readonly string[] | undefined;
  from?: string | undefined;
  replyTo?: string | undefined;
  subject: string;
  html?: string | undefined;
  text?: string | undefined;
  headers?: Record<string, string> | undefined;
  attachments?: readonly { name: string; type?: string | undefined; content: string }[] | undefined;
  variables?: JsonObject | undefined;
};

/** Lengths in characters; the whole of a request is limited besides. */
export const ownMailLimits = {
  recipients: 100,
  subject: 2000,
  body: 512 * 1024,
  attachments: 20,
  headers: 50,
} as const;

/** `recipients`: everybody who gets it, each once, those of To first. */
export type ReadOwnMail = { mail: OwnMail; recipients: Address[]; issues: Issue[] };

/** Checks a mail and brings it to its normal form, all of its fields at once. */
export function readOwnMail(input: OwnMailInput): ReadOwnMail {
  const issues: Issue[] = [];
  const one = (text: string | undefined, path: string) => (text === undefined ? null : readAddress(text, path, issues));
  const all = (texts: readonly string[] | undefined, path: string) =>
    (texts ?? []).flatMap((text, index) => readAddress(text, joinPath(path, [index]), issues) ?? []);
  const [to, cc, bcc] = [all(input.to, "to"), all(input.cc, "cc"), all(input.bcc, "bcc")];
  const recipients = eachOnce([...to, ...cc, ...bcc]);
  const mail: OwnMail = {
    ...{ to, cc, from: one(input.from, "from"), replyTo: one(input.replyTo, "replyTo") },
    ...{ subject: input.subject, html: input.html ?? null, text: input.text ?? null },
    ...{ headers: input.headers ?? {}, variables: input.variables ?? null },
    attachments: (input.attachments ?? []).map((file, index) => readAttachment(file, index, issues)),
  };
  if (recipients.length === 0 && issues.length === 0)
    issues.push({ path: "to", message: "must name at least one recipient" });
  if (recipients.length > ownMailLimits.recipients)
    issues.push({ path: "to", message: `must be at most ${ownMailLimits.recipients} recipients, with cc and bcc` });
  return { mail, recipients, issues: [...issues, ...contentIssues(mail), ...templateIssues(mail)] };
}

function eachOnce(addresses: readonly Address[]): Address[] {
  const first = new Map<string, Address>();
  for (const one of addresses) if (!first.has(one.address)) first.set(one.address, one);
  return [...first.values()];
}

function readAddress(text: string, path: string, issues: Issue[]): Address | null {
  const read = parseAddress(text);
  if (read.ok) return read.value;
  issues.push({ path, message: read.message });
  return null;
}

type GivenFile = NonNullable<OwnMailInput["attachments"]>[number];

function readAttachment({ name, type, content }: GivenFile, index: number, issues: Issue[]): Attachment {
  const path = joinPath("attachments", [index]);
  if (name.trim() === "" || name.length > 200 || !isStorableText(name))
    issues.push({ path: `${path}.name`, message: "must have 1 to 200 characters, none of them U+0000" });
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content)) issues.push({ path: `${path}.content`, message: "must be base64" });
  if (type !== undefined && !/^[\w.+-]{1,60}\/[\w.+-]{1,100}$/.test(type))
    issues.push({ path: `${path}.type`, message: "must be a media type, such as application/pdf" });
  return { name: name.trim(), type: type ?? attachmentType(name), content };
}

function contentIssues({ subject, html, text, headers, attachments }: OwnMail): Issue[] {
  const issues: Issue[] = [];
  if (subject.trim() === "" || subject.length > ownMailLimits.subject)
    issues.push({ path: "subject", message: `must have 1 to ${ownMailLimits.subject} characters` });
  if (!html && !text) issues.push({ path: "html", message: "must be given, or text" });
  for (const [path, body] of Object.entries({ html, text }))
    if ((body ?? "").length > ownMailLimits.body)
      issues.push({ path, message: `must be at most ${ownMailLimits.body} characters` });
  if (attachments.length > ownMailLimits.attachments)
    issues.push({ path: "attachments", message: `must be at most ${ownMailLimits.attachments}` });
  const names = Object.keys(headers);
  if (names.length > ownMailLimits.headers)
    issues.push({ path: "headers", message: `must be at most ${ownMailLimits.headers}` });
  for (const name of names.slice(0, ownMailLimits.headers)) {
    const message = headerProblem(name);
    if (message !== null) issues.push({ path: joinPath("headers", [name.slice(0, 76)]), message });
  }
  return issues;
}

function templateIssues({ variables, subject, html, text, headers }: OwnMail): Issue[] {
  if (variables === null) return [];
  const parts: [string, string | null, TemplateMode][] = [
    ["subject", subject, "header"],
    ["html", html, "html"],
    ["text", text, "text"],
    ...Object.entries(headers).map(([name, value]): [string, string, TemplateMode] => [
      `headers.${name}`,
      value,
      "header",
    ]),
  ];
  const extraRoots = Object.keys(variables);
  return parts.flatMap(([path, source, mode]) =>
    source === null ? [] : checkTemplate(source, mode, { path, extraRoots }),
  );
}
