import { z } from "zod";
import type { TemplateMode } from "../template/template.ts";
import { topicSchema } from "../workspace-settings.ts";
import { headerProblem } from "./mail.ts";

/** The address of the contact, which a mail goes to unless it says otherwise. */
export const defaultRecipient = "{{ contact.email }}";

const line = z.string().min(1).max(2000);
const text = z
  .string()
  .min(1)
  .max(512 * 1024);
const headerName = z.string().superRefine((name, context) => {
  const message = headerProblem(name);
  if (message !== null) context.addIssue({ code: "custom", message });
});

/**
 * The fields of an e-mail that a person writes; all but `purpose`, `topic`, `onUnknown` and `transport` are templates. `onUnknown` says what to do when a crash leaves it open whether
 * the mail was taken: send again, or hold it for a person. Without it, transactional mail is sent again and marketing mail held.
 */
export const mailTemplateFields = {
  to: line.default(defaultRecipient),
  from: line.optional(),
  replyTo: line.optional(),
  subject: line,
  html: text,
  text: text.optional(),
  headers: z
    .record(headerName, z.string().max(2000))
    .refine((headers) => Object.keys(headers).length <= 50, "must have at most 50 headers")
    .optional(),
  purpose: z.enum(["transactional", "marketing"]).default("marketing"),
  topic: topicSchema.optional(),
  onUnknown: z.enum(["resend", "hold"]).optional(),
  transport: z.string().min(1).max(64).optional(),
};

export const mailTemplateSchema = z.strictObject(mailTemplateFields);
export type MailTemplate = z.output<typeof mailTemplateSchema>;

/** One template of a mail: where it stands in the configuration, and how it is to be rendered. */
export type MailPart = { path: string; source: string; mode: TemplateMode };

/** All templates of a mail, the ones that are not given left out. */
export function mailParts(mail: MailTemplate): MailPart[] {
  const fields: [string, string | undefined, TemplateMode][] = [
    ["to", mail.to, "header"],
    ["from", mail.from, "header"],
    ["replyTo", mail.replyTo, "header"],
    ["subject", mail.subject, "header"],
    ["html", mail.html, "html"],
    ["text", mail.text, "text"],
  ];
  for (const [name, value] of Object.entries(mail.headers ?? {})) fields.push([`headers.${name}`, value, "header"]);
  return fields.flatMap(([path, source, mode]) => (source === undefined ? [] : [{ path, source, mode }]));
}

/** What to do with a mail of which nobody knows whether it was taken. */
export function whenUnknown({ purpose, onUnknown }: Pick<MailTemplate, "purpose" | "onUnknown">): "resend" | "hold" {
  return onUnknown ?? (purpose === "transactional" ? "resend" : "hold");
}
