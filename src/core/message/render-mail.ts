import type { JsonObject } from "../json.ts";
import { renderTemplate } from "../template/template.ts";
import { TemplateError } from "../template/template-error.ts";
import { type Address, parseAddress } from "./address.ts";
import type { Mail } from "./mail.ts";
import type { MailTemplate } from "./mail-template.ts";

export type RenderedMail =
  | { ok: true; mail: Mail }
  | { ok: false; class: "template_error" | "invalid_address"; reason: string };

/** Renders a mail from its templates. What cannot be sent comes back with a sentence that says why. */
export function renderMail(template: MailTemplate, data: JsonObject, defaultFrom: string): RenderedMail {
  try {
    return addressed(template, data, defaultFrom);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { ok: false, class: "template_error", reason: error.message };
  }
}

function addressed(template: MailTemplate, data: JsonObject, defaultFrom: string): RenderedMail {
  const read = (source: string) => parseAddress(renderTemplate(source, data, "header"));
  const from = read(template.from ?? defaultFrom);
  const to = read(template.to);
  const replyTo = template.replyTo === undefined ? null : read(template.replyTo);
  if (!from.ok) return { ok: false, class: "invalid_address", reason: `from: ${from.message}` };
  if (!to.ok) return { ok: false, class: "invalid_address", reason: `to: ${to.message}` };
  if (replyTo && !replyTo.ok) return { ok: false, class: "invalid_address", reason: `replyTo: ${replyTo.message}` };
  return {
    ok: true,
    mail: mailOf(template, data, { from: from.value, to: to.value, ...(replyTo ? { replyTo: replyTo.value } : {}) }),
  };
}

function mailOf(
  template: MailTemplate,
  data: JsonObject,
  addresses: { from: Address; to: Address; replyTo?: Address },
): Mail {
  const headers = Object.entries(template.headers ?? {}).map(([name, source]) => [
    name,
    renderTemplate(source, data, "header"),
  ]);
  return {
    ...addresses,
    subject: renderTemplate(template.subject, data, "header"),
    html: renderTemplate(template.html, data, "html"),
    ...(template.text === undefined ? {} : { text: renderTemplate(template.text, data, "text") }),
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
  };
}
