import type { StepKind } from "../../core/flow/step-kind.ts";
import { defaultRecipient, mailParts } from "../../core/message/mail-template.ts";
import { scopeAt } from "../../core/template/failure.ts";
import { pickScope } from "../../core/template/fields.ts";
import { checkTemplate } from "../../core/template/template.ts";
import { type SendEmailConfig, sendEmailConfig } from "./schema.ts";

/** Asks for an e-mail and goes on at once. A contact without an address gets none, and the trail says so. */
export const sendEmail: StepKind<SendEmailConfig> = {
  name: "send-email",
  title: "Send e-mail",
  config: sendEmailConfig,
  exits: () => ["next"],
  mail: (config) => config,
  sends: () => true,
  check: (config) => mailParts(config).flatMap(({ path, source, mode }) => checkTemplate(source, mode, { path })),
  run(config, { contact, scope, now }) {
    if (config.to === defaultRecipient && !contact.email) {
      return { kind: "go", exit: "next", detail: { skipped: "no_email" } };
    }
    const sources = mailParts(config).map(({ source }) => source);
    const about = config.topic === undefined ? {} : { topic: config.topic };
    const data = pickScope(scopeAt(scope, now), sources);
    return {
      kind: "go",
      exit: "next",
      effects: [{ kind: "email", data, message: { channel: "email", purpose: config.purpose, ...about } }],
    };
  },
};
