import type { Json, JsonObject } from "../json.ts";
import { renderTemplate } from "../template/template.ts";
import { TemplateError } from "../template/template-error.ts";
import type { Address } from "./address.ts";
import type { Attachment, Mail } from "./mail.ts";
import type { RenderedMail } from "./render-mail.ts";

/**
 * What a mail says that no flow asked for, the same for all who get it. With `variables` the subject, bodies and headers are templates
 * over them; without, they are sent as they are. A missing sender is the server's.
 */
export type OwnMail = {
  from: Address | null;
  replyTo: Address | null;
  to: Address[];
  cc: Address[];
  subject: string;
  html: string | null;
  text: string | null;
  headers: Record<string, string>;
  attachments: Attachment[];
  variables: JsonObject | null;
};

/** What the effect of such a mail carries: where its content is, and for whom this one is. */
export type OwnMailEffect = {
  content: string;
  to: Address;
  purpose: "transactional" | "marketing";
  topic: string | null;
  transport: string | null;
};

/** Where the effect of such a mail says which flow, version and step asked for it. */
export const noFlow = { flowId: "00000000-0000-0000-0000-000000000000", version: 0, step: "" } as const;

/** The effect's data, when no flow asked for it. */
export function ownMailEffect({ flowId, data }: { flowId: string; data: Json }): OwnMailEffect | null {
  return flowId === noFlow.flowId ? (data as OwnMailEffect) : null;
}

/** The mail as one of its recipients gets it. What cannot be sent comes back with a sentence that says why. */
export function renderOwnMail(content: OwnMail, to: Address, defaultFrom: Address): RenderedMail {
  const { from, replyTo, html, text, headers, attachments } = content;
  const render = (source: string, mode: "header" | "html" | "text") =>
    content.variables === null ? source : renderTemplate(source, content.variables, mode);
  try {
    const named = Object.entries(headers).map(([name, value]) => [name, render(value, "header")]);
    const mail: Mail = {
      ...{ from: from ?? defaultFrom, to, shown: { to: content.to, cc: content.cc }, attachments },
      ...(replyTo === null ? {} : { replyTo }),
      subject: render(content.subject, "header"),
      ...(html === null ? {} : { html: render(html, "html") }),
      ...(text === null ? {} : { text: render(text, "text") }),
      ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
    };
    return { ok: true, mail };
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { ok: false, class: "template_error", reason: error.message };
  }
}
