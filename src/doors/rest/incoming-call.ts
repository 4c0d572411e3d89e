import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { recordIncomingCall } from "../../operations/record-incoming-call.ts";
import { acceptAnyBody } from "../accept-bodies.ts";
import { clientOf } from "../client-facts.ts";
import { idempotencyOf } from "../idempotency.ts";
import { type RestContext, withZod } from "./context.ts";
import { describe, refusals } from "./describe.ts";

const params = z.object({ token: z.string().max(200) });
const answer = z.object({
  eventId: z.string(),
  contactId: z.string(),
  contactCreated: z.boolean(),
  flow: z.int().describe("The number of the flow."),
});

/** The addresses of incoming-call entries: called by shops, forms and scripts, also from browsers on other sites. */
export async function serveIncomingCalls(app: FastifyInstance, context: RestContext): Promise<void> {
  acceptAnyBody(app, { inParts: true });
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("access-control-allow-origin", "*");
    reply.header("access-control-expose-headers", "x-request-id, retry-after, idempotent-replayed");
  });
  servePreflight(app);
  serveCalls(app, context);
}

function servePreflight(app: FastifyInstance): void {
  app.options("/in/:token", { schema: { hide: true } }, async (_request, reply) => {
    reply.headers({
      "access-control-allow-methods": "POST",
      "access-control-allow-headers":
        "authorization, consumerkey, consumersecret, authkey, content-type, idempotency-key, x-request-id",
      "access-control-max-age": "86400",
    });
    return reply.code(204).send();
  });
}

function serveCalls(app: FastifyInstance, context: RestContext): void {
  const about = { hasBody: true, isIdempotent: true, errors: ["entry_not_found", "overloaded"] } as const;
  withZod(app).post(
    "/in/:token",
    {
      onRequest: context.allowCaller("bearer", "consumer", "authkey"),
      schema: {
        ...describe({
          tag: "Incoming calls",
          summary: "Start a flow by its own address",
          description:
            "The address comes from the flow's incoming-call entry. The body may be JSON (whatever its content type says), a form, or a multipart form; the entry says which fields name the contact.",
          ...about,
        }),
        security: [{}, { apiKey: [] }],
        params,
        response: { 200: answer, 202: answer, ...refusals(about) },
      },
    },
    async (request, reply) => {
      const body = bodyOf(request);
      const { replayed, ...receipt } = await recordIncomingCall(context.platform, {
        token: request.params.token,
        body,
        client: clientOf(request),
        caller: context.maybeCallerOf(request),
        // The bytes of a form differ each time it is sent (the boundary does), what it says does not.
        idempotency: idempotencyOf(request, context, JSON.stringify(body)),
      });
      reply.code(successOf(request));
      if (replayed) reply.header("idempotent-replayed", "true");
      else context.countEvents(1);
      return receipt;
    },
  );
}

/** Clients made for Emailchef, which show their key in headers of its own, take nothing but 200 for success. */
function successOf({ headers }: FastifyRequest): 200 | 202 {
  return headers["consumersecret"] === undefined && headers["authkey"] === undefined ? 202 : 200;
}

function bodyOf({ body }: FastifyRequest): JsonObject {
  if (isJsonObject(body)) return body;
  throw new AppError("invalid_request", "The body must be a JSON object or a form.", {
    issues: [{ path: "", message: "must be a JSON object or a form" }],
  });
}
