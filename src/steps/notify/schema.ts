import { z } from "zod";
import { httpRequestFields } from "../../core/http-request.ts";
import { normalizeEmail } from "../../core/message/address.ts";
import { mailTemplateFields } from "../../core/message/mail-template.ts";

const { from, replyTo, subject, html, text, transport } = mailTemplateFields;
const { url, headers, timeoutMs, retries } = httpRequestFields;

const recipient = z
  .string()
  .min(1)
  .max(254)
  .refine(
    (to) => !to.includes("@") || normalizeEmail(to).ok,
    "must be an address, or a name from the settings of the workspace",
  );

/** Whom to tell, and what: an e-mail to addresses or names from the settings of the workspace, or a call to a webhook with JSON. */
export const notifyConfig = z.discriminatedUnion("by", [
  z.strictObject({
    by: z.literal("email"),
    to: z.array(recipient).min(1).max(20),
    from,
    replyTo,
    subject,
    html,
    text,
    transport,
  }),
  z.strictObject({ by: z.literal("webhook"), url, headers, body: z.json(), timeoutMs, retries }),
]);

export type NotifyConfig = z.output<typeof notifyConfig>;
export type MailNotice = Extract<NotifyConfig, { by: "email" }>;
export type WebhookNotice = Extract<NotifyConfig, { by: "webhook" }>;
