import type { JsonObject } from "../json.ts";
import type { MailTemplate } from "../message/mail-template.ts";
import { renderMail } from "../message/render-mail.ts";
import type { SimulatedMessage } from "./simulation.ts";

type Content = Pick<SimulatedMessage, "from" | "to" | "subject" | "html" | "text">;

/** A mail as the engine would render it, or why it cannot be sent. */
export function renderEffect(
  template: MailTemplate,
  data: JsonObject,
  defaultFrom: string,
): Content | { reason: string } {
  const rendered = renderMail(template, data, defaultFrom);
  if (!rendered.ok) return { reason: `${rendered.class}: ${rendered.reason}` };
  const { from, to, subject, html = null, text = null } = rendered.mail;
  return { from: from.address, to: to.address, subject, html, text };
}
