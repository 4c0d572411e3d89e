import { type MailTemplate, mailTemplateSchema } from "../../core/message/mail-template.ts";

/** An e-mail as a person writes it: templates, purpose and transport. */
export const sendEmailConfig = mailTemplateSchema;

export type SendEmailConfig = MailTemplate;
