import { getMessage, listMessages } from "../../operations/messages.ts";
import { settleMessage } from "../../operations/settle-message.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { messageDetail, messagePage, messageQuery, messageView, settleBody } from "./messages-schema.ts";
import { idParams } from "./schema.ts";

const tag = "Messages";
const notFound = ["message_not_found"] as const;

/** Messages: listed, read with their whole life, and settled where a person has to decide. */
export function serveMessages(app: RestApp, { platform, callerOf }: RestContext): void {
  app.get(
    "/v1/messages",
    {
      schema: {
        ...describe({ tag, summary: "List messages", description: "Newest first." }),
        querystring: messageQuery,
        response: { 200: messagePage, ...refusals({}) },
      },
    },
    async (request) => listMessages(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/messages/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read a message, with its attempts and the SMTP conversation" }),
        params: idParams,
        response: { 200: messageDetail, ...refusals({ errors: notFound }) },
      },
    },
    async (request) => getMessage(platform, callerOf(request), request.params),
  );

  app.post(
    "/v1/messages/:id/settle",
    {
      schema: {
        ...describe({
          tag,
          summary: "Settle a held or unknown message",
          description: "`resend` sends it (again), `cancel` lets it be.",
        }),
        params: idParams,
        body: settleBody,
        response: { 200: messageView, ...refusals({ hasBody: true, errors: [...notFound, "invalid_state"] }) },
      },
    },
    async (request) => settleMessage(platform, callerOf(request), { ...request.body, ...request.params }),
  );
}
