import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isJsonObject, type Json } from "../../core/json.ts";
import {
  type EventAddress,
  eventAddress,
  type KnownEvent,
  requireEventAt,
  requireEventByName,
} from "../../operations/event-catalog.ts";
import { type NamedEventReceipt, recordNamedEvent } from "../../operations/record-named-event.ts";
import { acceptAnyBody } from "../accept-bodies.ts";
import { clientOf } from "../client-facts.ts";
import type { DoorContext, ExpressPrepare, ExpressRoute } from "../door.ts";
import { type Idempotency, idempotencyOf } from "../idempotency.ts";
import { isForm as isFormType, readPlainBody } from "../read-body.ts";
import { wordError } from "./errors.ts";
import { answerEvent, type EventAnswer } from "./event-answer.ts";
import { readEventCall } from "./event-call.ts";
import { nestFields } from "./form-fields.ts";
import { refusePythonToken } from "./python-token.ts";

const schema = { hide: true } as const;
const named = "/events/name/:event";
const open = "/events/id/:token/:number";
const corsHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "x-request-id, retry-after, idempotent-replayed",
};

/** Events: with a token of the API by their name, and without one at an address of their own, also from browsers on other sites. */
export function serveEvents(app: FastifyInstance, context: DoorContext): void {
  acceptAnyBody(app, { inParts: true });
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(corsHeaders);
    done();
  });
  context.expressRoute(openRoute(context));
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
    const event = await requireEventAt(platform, eventAddress(token.toLowerCase(), Number(number)));
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
  // The bytes of a form differ each time it is sent (the boundary does), what it says does not.
  const idempotency = idempotencyOf(request, context, isForm ? JSON.stringify(body) : undefined);
  const receipt = await recordCall(
    { body, isForm, idempotency, ip: request.ip, headers: request.headers },
    { event, context },
  );
  if (receipt.replayed) reply.header("idempotent-replayed", "true");
  else context.countEvents(1);
  return answerOf(receipt, context);
}

type Call = Pick<FastifyRequest, "ip" | "headers"> & {
  body: Json;
  isForm: boolean;
  idempotency?: Idempotency | undefined;
};

function recordCall(
  { body, isForm, idempotency, ip, headers }: Call,
  { event, context }: { event: KnownEvent; context: DoorContext },
): Promise<NamedEventReceipt> {
  const { contact, automation, payload } = readEventCall(body, { isForm });
  return recordNamedEvent(context.platform, {
    event,
    contact,
    payload,
    flow: automation,
    source: "sendpulse",
    client: clientOf({ ip, headers }),
    idempotency,
    checkedBytes: Number(headers["content-length"] ?? Number.POSITIVE_INFINITY),
  });
}

function answerOf(receipt: NamedEventReceipt, { addressOf }: DoorContext): EventAnswer {
  return answerEvent(receipt, addressOf(`/v1/events/${receipt.eventId}`));
}

const openPattern = /^\/events\/id\/([0-9a-f]{32})\/(\d{1,15})$/;

/** The short way of the addresses without a key. */
function openRoute(context: DoorContext): ExpressRoute {
  const cors = Object.entries(corsHeaders).flat();
  const headers = [...cors, "content-type", "application/json; charset=utf-8"];
  const prepareAt =
    (address: EventAddress): ExpressPrepare =>
    ({ ip, headers: given, bytes }) => {
      const body = readPlainBody(bytes);
      if (body === null) return null;
      return async () => {
        const found = requireEventAt(context.platform, address);
        const event = found instanceof Promise ? await found : found;
        const receipt = await recordCall({ body, isForm: false, ip, headers: given }, { event, context });
        context.countEvents(1);
        return { status: 200, headers, body: answerOf(receipt, context) };
      };
    };
  return {
    path: open,
    at(url) {
      const [, token, number] = openPattern.exec(url) ?? [];
      return token === undefined ? null : prepareAt(eventAddress(token, Number(number)));
    },
    refuse: (error) => ({ headers: [...cors, "content-type", "application/json"], ...wordError(error) }),
  };
}

function bodyOf(request: FastifyRequest): { body: Json; isForm: boolean } {
  const body = (request.body ?? null) as Json;
  const isForm = isFormType(request.headers["content-type"] ?? "") && isJsonObject(body);
  return { body: isForm ? nestFields(body) : body, isForm };
}
