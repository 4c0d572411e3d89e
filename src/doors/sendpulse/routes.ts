import type { FastifyInstance, FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import type { DoorContext } from "../door.ts";
import { serveAddressBooks } from "./address-books.ts";
import { answerErrors } from "./errors.ts";
import { serveOauth } from "./oauth.ts";
import { acceptAnyBody } from "./parameters.ts";

/** Everything of SendPulse's API that needs a token. */
const resources = [serveAddressBooks];

/** SendPulse's API, at its own paths. */
export async function serveSendPulse(app: FastifyInstance, context: DoorContext): Promise<void> {
  answerErrors(app, context);
  acceptAnyBody(app);
  serveOauth(app, context);
  await app.register(async (scope) => {
    scope.addHook("onRequest", refusePythonToken);
    scope.addHook("onRequest", context.requireCaller("bearer"));
    for (const serve of resources) serve(scope, context);
  });
}

/**
 * The Python client sends `Bearer b'token'` from its file storage and asks for a new token after 401. That is nobody's guess at a key,
 * and is not counted as one.
 */
async function refusePythonToken({ headers }: FastifyRequest): Promise<void> {
  if (/^bearer\s+b'.*'$/i.test(headers.authorization ?? "")) throw new AppError("unauthorized");
}
