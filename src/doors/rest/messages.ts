import { getMessage, listMessages } from "../../operations/messages.ts";
import { recordInboundMessage } from "../../operations/record-inbound-message.ts";
import { recordMessageEvent } from "../../operations/record-message-event.ts";
import { settleMessage } from "../../operations/settle-message.ts";
import { idempotencyOf } from "../idempotency.ts";
import { answerOnce } from "./answer-once.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import {
  feedbackBody,
  feedbackReceipt,
  inboundBody,
  inboundReceipt,
  messageDetail,
  messagePage,
  messageQuery,
  messageView,
  settleBody,
} from "./messages-schema.ts";
import { idParams } from "./schema.ts";

const tag = "Messages";
const notFound = ["message_not_found"] as const;

/** Messages: listed, read with their whole life, settled where a person has to decide, and what their receivers do with them. */
export function serveMessages(app: RestApp, context: RestContext): void {
  serveSent(app, context);
  serveFeedback(app, context);
  serveInbound(app, context);
}

function serveSent(app: RestApp, { platform, callerOf }: RestContext): void {
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

function serveFeedback(app: RestApp, context: RestContext): void {
  const about = { hasBody: true, isIdempotent: true, errors: notFound } as const;
  app.post(
    "/v1/messages/:id/events",
    {
      schema: {
        ...describe({
          tag,
          summary: "Report that a message was delivered, opened or clicked",
          description: "It becomes part of the life of the message, and flows that listen meet it.",
          ...about,
        }),
        params: idParams,
        body: feedbackBody,
        response: { 202: feedbackReceipt, ...refusals(about) },
      },
    },
    async (request, reply) => {
      const input = { ...request.body, ...request.params };
      const act = (platform: RestContext["platform"]) => recordMessageEvent(platform, context.callerOf(request), input);
      return answerOnce(request, reply, { context, operation: "message-events", status: 202, act });
    },
  );
}

function serveInbound(app: RestApp, context: RestContext): void {
  const about = { hasBody: true, isIdempotent: true, errors: ["overloaded"] } as const;
  app.post(
    "/v1/inbound-messages",
    {
      schema: {
        ...describe({
          tag,
          summary: "Record a message from a contact",
          description:
            "The contact is found by the address, or made. The message becomes the event `$inbound`, and flows that listen meet it.",
          ...about,
        }),
        body: inboundBody,
        response: { 202: inboundReceipt, ...refusals(about) },
      },
    },
    async (request, reply) => {
      const { replayed, ...receipt } = await recordInboundMessage(context.platform, context.callerOf(request), {
        ...request.body,
        idempotency: idempotencyOf(request, context),
      });
      reply.code(202);
      if (replayed) reply.header("idempotent-replayed", "true");
      else context.countEvents(1);
      return receipt;
    },
  );
}
