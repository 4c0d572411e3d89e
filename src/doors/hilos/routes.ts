import type { FastifyInstance } from "fastify";
import { AppError } from "../../core/errors.ts";
import { acceptAnyBody } from "../accept-bodies.ts";
import type { DoorContext } from "../door.ts";
import { serveContacts } from "./contacts.ts";
import { answerErrors } from "./errors.ts";
import { serveExecutions } from "./executions.ts";

/** The paths of this door with the methods that they take. */
const methods = {
  "/api/contact": ["GET", "POST"],
  "/api/contact/:id": ["GET", "PUT", "PATCH", "DELETE"],
  "/api/flow/:id/run": ["POST"],
  "/api/flow-execution": ["GET"],
  "/api/flow-execution/:id": ["GET"],
  "/api/flow-execution-contact": ["GET"],
  "/api/flow-execution-contact/:id": ["GET"],
} as const;

/** The API of Hilos, now ActiveCampaign's WhatsApp flows, at its own paths. */
export async function serveHilos(app: FastifyInstance, context: DoorContext): Promise<void> {
  answerErrors(app, context);
  acceptAnyBody(app, { inParts: true });
  app.addHook("onRequest", context.requireCaller("token"));
  serveContacts(app, context);
  serveExecutions(app, context);
  refuseOtherMethods(app);
}

function refuseOtherMethods(app: FastifyInstance): void {
  for (const [url, taken] of Object.entries(methods)) {
    const others = (["GET", "POST", "PUT", "PATCH", "DELETE"] as const).filter(
      (method) => !(taken as readonly string[]).includes(method),
    );
    app.route({
      ...{ method: others, url, schema: { hide: true } },
      handler: async (request, reply) => {
        reply.header("allow", taken.join(", "));
        throw new AppError("method_not_allowed", `Method "${request.method}" not allowed.`);
      },
    });
  }
}
