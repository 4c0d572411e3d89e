import { isUtf8 } from "node:buffer";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { OwnMailInput } from "../../core/message/read-own-mail.ts";
import { refusal } from "./errors.ts";
import { broken, readObject } from "./values.ts";

type Files = { name: string; content: string }[];

/**
 * The mail of `POST /smtp/emails`, in whatever form it was written. `html` is base64, or HTML as it is when it has a tag; null means
 * that there is none. Throws with SendPulse's number for what is missing.
 */
export function readMail(value: Json | undefined): OwnMailInput {
  const email = readObject(value, "email");
  if (Object.keys(email).length === 0) throw refusal(8, "The parameter email is missing.", issue("email"));
  const { html, text, from, to, cc, bcc, reply_to: replyTo, subject } = email;
  if (isAbsent(from)) throw refusal(10, "The sender is missing.", issue("email.from"));
  if (isAbsent(to)) throw refusal(11, "There are no recipients.", issue("email.to"));
  if (typeof subject !== "string" || subject.trim() === "")
    throw refusal(720, "The subject is empty.", issue("email.subject"));
  const variables = readTemplate(email["template"]);
  const bodies = { html: isAbsent(html) ? undefined : readHtml(html), text: textOf(text, "email.text") };
  if (!bodies.html && !bodies.text) throw refusal(721, "The mail has neither html nor text.", issue("email.html"));
  return {
    ...{ subject, ...bodies, ...(variables ? { variables } : {}), from: readMailbox(from, "email.from") },
    ...{ to: readMailboxes(to, "email.to"), cc: readMailboxes(cc, "email.cc"), bcc: readMailboxes(bcc, "email.bcc") },
    ...(isAbsent(replyTo) ? {} : { replyTo: readMailbox(replyTo, "email.reply_to") }),
    attachments: [
      ...readAttachments(email["attachments"], false),
      ...readAttachments(email["attachments_binary"], true),
    ],
  };
}

function readMailboxes(value: Json | undefined, path: string): string[] {
  if (isAbsent(value)) return [];
  const list = Array.isArray(value)
    ? value
    : isJsonObject(value) && !("email" in value)
      ? Object.values(value)
      : [value];
  return list.map((item, index) => readMailbox(item, `${path}[${index}]`));
}

/** `{name, email}`, or an address as text. */
function readMailbox(value: Json | undefined, path: string): string {
  const { email, name } = isJsonObject(value) ? value : { email: value, name: null };
  if (typeof email !== "string" || email.trim() === "")
    throw refusal(906, `${path} has no e-mail address.`, issue(path));
  return typeof name === "string" && name.trim() !== "" ? `"${name.replace(/["\\]/g, "\\$&")}" <${email}>` : email;
}

function readHtml(value: Json | undefined): string {
  const text = textOf(value, "email.html") ?? "";
  // No base64 has a tag.
  if (/[<>]/.test(text) || !/^[A-Za-z0-9+/=\s]*$/.test(text)) return text;
  const bytes = Buffer.from(text, "base64");
  const html = isUtf8(bytes) ? bytes.toString("utf8") : "\0";
  if (html.includes("\0")) throw broken("email.html", "must be UTF-8 text as base64");
  return html;
}

/** There are no stored templates: what `template` can bring are variables for a body that is given. */
function readTemplate(value: Json | undefined): JsonObject | undefined {
  if (isAbsent(value)) return undefined;
  if (!isJsonObject(value)) throw broken("email.template", "must be an object");
  if (!isAbsent(value["id"]))
    throw refusal(
      14,
      `There is no stored template ${String(value["id"]).slice(0, 100)}; give html with template.variables.`,
      issue("email.template.id"),
    );
  return readObject(value["variables"], "email.template.variables");
}

/** Files by name; as a list each has `name` and `content`. */
function readAttachments(value: Json | undefined, isBase64: boolean): Files {
  const path = isBase64 ? "email.attachments_binary" : "email.attachments";
  if (isAbsent(value) || value === "") return [];
  const entries = Array.isArray(value)
    ? value.map((item, index) => readFile(item, `${path}[${index}]`))
    : Object.entries(readObject(value, path));
  return entries.map(([name, content]) => {
    if (typeof content !== "string") throw broken(`${path}.${name.slice(0, 100)}`, "must be text");
    return { name, content: isBase64 ? content : Buffer.from(content).toString("base64") };
  });
}

function readFile(item: Json, path: string): [string, Json] {
  const { name, content = null } = isJsonObject(item) ? item : {};
  if (typeof name !== "string") throw broken(path, "must be an object with name and content");
  return [name, content];
}

function textOf(value: Json | undefined, path: string): string | undefined {
  if (isAbsent(value)) return undefined;
  if (typeof value !== "string") throw broken(path, "must be text");
  return value === "" ? undefined : value;
}

function isAbsent(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function issue(path: string) {
  return [{ path, message: "must be given" }];
}
