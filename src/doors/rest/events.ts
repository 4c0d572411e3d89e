import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { recordEvents } from "../../operations/accept-events.ts";
import { getEvent, listEvents } from "../../operations/events.ts";
import { idempotencyOf } from "../idempotency.ts";
import type { RestApp, RestContext } from "./context.ts";
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

type Accept = { request: FastifyRequest; reply: FastifyReply; event: z.output<typeof eventBody> };

async function acceptEvent(
  { request, reply, event }: Accept,
  context: RestContext,
): Promise<z.output<typeof acceptedEvent>> {
  const caller = context.callerOf(request);
  const { results, replayed } = await recordEvents(context.platform, caller, {
    events: [await readEventBody(event, { platform: context.platform, caller })],
    idempotency: idempotencyOf(request, context),
    path: "",
    checkedBytes: Number(request.headers["content-length"] ?? Number.POSITIVE_INFINITY),
  });
  const [result] = results;
  if (result?.status !== "accepted") throw new AppError("invalid_request", undefined, { issues: result?.issues ?? [] });
  reply.code(202);
  if (replayed) reply.header("idempotent-replayed", "true");
  else context.countEvents(1);
  const { eventId, contactId, contactCreated, listened } = result;
  return { eventId, contactId, contactCreated, listened };
}
