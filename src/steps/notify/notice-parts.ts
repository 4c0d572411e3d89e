import type { Issue } from "../../core/errors.ts";
import { type HttpRequest, headerList, httpRequest } from "../../core/http-request.ts";
import { type MailTemplate, mailParts, mailTemplateSchema } from "../../core/message/mail-template.ts";
import { checkJson, jsonTemplates } from "../../core/template/render-json.ts";
import { checkTemplate } from "../../core/template/template.ts";
import type { MailNotice, NotifyConfig, WebhookNotice } from "./schema.ts";

/** Where the data of the effect holds the one person that this mail is for. */
const recipient = "{{ notify.to }}";
const maxAnswerBytes = 65_536;
const extraRoots = ["secrets"];

/** The mail to each of the people, as a template over the data of its effect. */
export function noticeMail({ by: _by, to: _to, ...parts }: MailNotice): MailTemplate {
  return mailTemplateSchema.parse({ ...parts, to: recipient, purpose: "transactional" });
}

/** The call to the webhook. It may be made twice: whoever is told twice knows it too. */
export function noticeRequest({ url, headers, body, timeoutMs, retries }: WebhookNotice): HttpRequest {
  const given = { url, headers, timeoutMs, retries, body: { kind: "json", value: body } };
  return httpRequest.parse({ ...given, method: "POST", retryUnsafe: true, maxResponseBytes: maxAnswerBytes });
}

/** Every template of the notice: what has to be picked from the scope so that it can be sent later. */
export function noticeTemplates(config: NotifyConfig): string[] {
  if (config.by === "email") return mailParts(noticeMail(config)).map(({ source }) => source);
  return [config.url, ...headerList(config.headers).map(({ value }) => value), ...jsonTemplates(config.body)];
}

/** What is wrong with the templates of the notice. */
export function checkNotice(config: NotifyConfig): Issue[] {
  if (config.by === "email") {
    const parts = mailParts(noticeMail(config)).filter(({ path }) => path !== "to");
    return parts.flatMap(({ path, source, mode }) => checkTemplate(source, mode, { path }));
  }
  const { url, headers, body } = config;
  const isList = Array.isArray(headers);
  const headerIssues = headerList(headers).flatMap(({ name, value }, index) =>
    checkTemplate(value, "header", { path: isList ? `headers[${index}].value` : `headers.${name}`, extraRoots }),
  );
  return [
    ...checkTemplate(url, "url", { path: "url", extraRoots }),
    ...headerIssues,
    ...checkJson(body, { path: "body", extraRoots }),
  ];
}
