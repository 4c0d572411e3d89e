import { sendEmail } from "../../operations/send-email.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { emailBody, emailReceipt } from "./send-email-schema.ts";

/** Mails that no flow asks for. */
export function serveSendEmail(app: RestApp, context: RestContext): void {
  const about = { hasBody: true, isIdempotent: true, errors: ["overloaded"] } as const;
  app.post(
    "/v1/messages",
    {
      schema: {
        ...describe({
          tag: "Messages",
          summary: "Send an e-mail",
          description:
            "Queued for delivery once it is answered. Everybody in `to`, `cc` and `bcc` gets a message of their own, and a contact where there is none with that address. Suppressed addresses and the rules around sending hold it back like any other message; `GET /v1/messages/{id}` says what became of it.",
          ...about,
        }),
        body: emailBody,
        response: { 202: emailReceipt, ...refusals(about) },
      },
    },
    async (request, reply) => {
      const { to, ...mail } = request.body;
      const input = { ...mail, to: [to].flat() };
      const act = (platform: RestContext["platform"]) => sendEmail(platform, context.callerOf(request), input);
      return answerOnce(request, reply, { context, operation: "send-email", status: 202, act });
    },
  );
}
