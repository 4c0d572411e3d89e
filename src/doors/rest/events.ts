import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { recordEvents } from "../../operations/accept-events.ts";
import { getEvent, listEvents } from "../../operations/events.ts";
import type { Caller } from "../../operations/platform.ts";
import type { ExpressPrepare, ExpressRoute } from "../door.ts";
import { type Idempotency, idempotencyOf } from "../idempotency.ts";
import { readPlainBody } from "../read-body.ts";
import { keyForms, type RestApp, type RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";
import { acceptedEvent, eventBody, eventDetail, eventPage, eventQuery } from "./events-schema.ts";
import { readEventBody } from "./read-event-body.ts";
import { idParams } from "./schema.ts";

const tag = "Events";

/** Events: accepted one by one, listed, and read with what they did. */
export function serveEvents(app: RestApp, context: RestContext): void {
  const { platform, callerOf } = context;
  const about = { hasBody: true, isIdempotent: true, errors: ["flow_not_found", "overloaded"] } as const;
  app.post(
    "/v1/events",
    {
      schema: {
        ...describe({
          tag,
          summary: "Record an event",
          description:
            "The contact is found by its identities, or made. 202: the event is committed to disk, and flows will meet it in order.",
          ...about,
        }),
        body: eventBody,
        response: { 202: acceptedEvent, ...refusals(about) },
      },
    },
    (request, reply) => acceptEvent({ request, reply, event: request.body }, context),
  );
  context.expressRoute(expressRoute(context));

  app.get(
    "/v1/events",
    {
      schema: {
        ...describe({ tag, summary: "List events", description: "Newest first." }),
        querystring: eventQuery,
        response: { 200: eventPage, ...refusals({}) },
      },
    },
    async (request) => listEvents(platform, callerOf(request), request.query),
  );

  app.get(
    "/v1/events/:id",
    {
      schema: {
        ...describe({ tag, summary: "Read an event, with what it did to flows" }),
        params: idParams,
        response: { 200: eventDetail, ...refusals({ errors: ["event_not_found"] }) },
      },
    },
    async (request) => getEvent(platform, callerOf(request), request.params),
  );
}

const jsonHeaders = ["content-type", "application/json; charset=utf-8"];

/** The short way of single events. */
function expressRoute(context: RestContext): ExpressRoute {
  const prepare: ExpressPrepare = (call) => {
    const read = eventBody.safeParse(readPlainBody(call.bytes));
    if (!read.success) return null;
    return async () => {
      const caller = await context.admit(call, keyForms);
      const { headers } = call;
      const { body } = await record(context, { caller, event: read.data, headers, idempotency: undefined });
      return { status: 202, headers: jsonHeaders, body };
    };
  };
  return { path: "/v1/events", at: (url) => (url === "/v1/events" ? prepare : null) };
}

type Accept = { request: FastifyRequest; reply: FastifyReply; event: z.output<typeof eventBody> };

async function acceptEvent({ request, reply, event }: Accept, context: RestContext): Promise<Accepted> {
  const { headers } = request;
  const idempotency = idempotencyOf(request, context);
  const caller = context.callerOf(request);
  const { body, replayed } = await record(context, { caller, event, headers, idempotency });
  reply.code(202);
  if (replayed) reply.header("idempotent-replayed", "true");
  return body;
}

type Accepted = z.output<typeof acceptedEvent>;
type Call = Pick<FastifyRequest, "headers"> & {
  caller: Caller;
  event: z.output<typeof eventBody>;
  idempotency: Idempotency | undefined;
};

async function record(
  context: RestContext,
  { caller, event, headers, idempotency }: Call,
): Promise<{ body: Accepted; replayed: boolean }> {
  const { results, replayed } = await recordEvents(context.platform, caller, {
    events: [await readEventBody(event, { platform: context.platform, caller })],
    idempotency,
    path: "",
    checkedBytes: Number(headers["content-length"] ?? Number.POSITIVE_INFINITY),
  });
  const [result] = results;
  if (result?.status !== "accepted") throw new AppError("invalid_request", undefined, { issues: result?.issues ?? [] });
  if (!replayed) context.countEvents(1);
  const { eventId, contactId, contactCreated, listened } = result;
  return { body: { eventId, contactId, contactCreated, listened }, replayed };
}
