import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isJsonObject, type Json } from "../../core/json.ts";
import { type KnownEvent, requireEventByName, requireEventByToken } from "../../operations/event-catalog.ts";
import { recordNamedEvent } from "../../operations/record-named-event.ts";
import { clientOf } from "../client-facts.ts";
import type { DoorContext } from "../door.ts";
import { idempotencyOf } from "../idempotency.ts";
import { isForm as isFormType } from "../read-body.ts";
import { answerEvent, type EventAnswer } from "./event-answer.ts";
import { readEventCall } from "./event-call.ts";
import { nestFields } from "./form-fields.ts";
import { refusePythonToken } from "./python-token.ts";

const schema = { hide: true } as const;
const named = "/events/name/:event";
const open = "/events/id/:token/:number";

/** Events: with a token of the API by their name, and without one at an address of their own, also from browsers on other sites. */
export function serveEvents(app: FastifyInstance, context: DoorContext): void {
  app.addHook("onRequest", (_request, reply, done) => {
    reply.header("access-control-allow-origin", "*");
    reply.header("access-control-expose-headers", "x-request-id, retry-after, idempotent-replayed");
    done();
  });
  for (const path of [named, open]) app.options(path, { schema }, answerPreflight);
  const { platform } = context;
  app.post<{ Params: { event: string } }>(
    named,
    { schema, onRequest: [refusePythonToken, context.requireCaller("bearer")] },
    async (request, reply) => {
      const event = await requireEventByName(platform, context.callerOf(request), request.params.event);
      return record(request, reply, { event, context });
    },
  );
  app.post<{ Params: { token: string; number: string } }>(open, { schema }, async (request, reply) => {
    const { token, number } = request.params;
    const event = await requireEventByToken(platform, { token: token.toLowerCase(), account: Number(number) });
    return record(request, reply, { event, context });
  });
}

async function answerPreflight(_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  reply.headers({
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type, idempotency-key, x-request-id, x-requested-with",
    "access-control-max-age": "86400",
  });
  return reply.code(204).send();
}

async function record(
  request: FastifyRequest,
  reply: FastifyReply,
  { event, context }: { event: KnownEvent; context: DoorContext },
): Promise<EventAnswer> {
  const { body, isForm } = bodyOf(request);
  const { contact, automation, payload } = readEventCall(body, { isForm });
  const receipt = await recordNamedEvent(context.platform, {
    event,
    contact,
    payload,
    flow: automation,
    source: "sendpulse",
    client: clientOf(request),
    // The bytes of a form differ each time it is sent (the boundary does), what it says does not.
    idempotency: idempotencyOf(request, context, isForm ? JSON.stringify(body) : undefined),
    checkedBytes: Number(request.headers["content-length"] ?? Number.POSITIVE_INFINITY),
  });
  if (receipt.replayed) reply.header("idempotent-replayed", "true");
  else context.countEvents(1);
  return answerEvent(receipt, context.addressOf(`/v1/events/${receipt.eventId}`));
}

function bodyOf(request: FastifyRequest): { body: Json; isForm: boolean } {
  const body = (request.body ?? null) as Json;
  const isForm = isFormType(request.headers["content-type"] ?? "") && isJsonObject(body);
  return { body: isForm ? nestFields(body) : body, isForm };
}
