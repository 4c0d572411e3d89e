import type { FastifyInstance } from "fastify";
import { acceptAnyBody } from "../accept-bodies.ts";
import type { DoorContext } from "../door.ts";
import { serveAddressBooks } from "./address-books.ts";
import { serveAutomations } from "./automations.ts";
import { serveBlacklist } from "./blacklist.ts";
import { serveBookEmails } from "./book-emails.ts";
import { serveEmails } from "./emails.ts";
import { answerErrors } from "./errors.ts";
import { serveEventLog } from "./event-log.ts";
import { serveEvents } from "./events.ts";
import { serveOauth } from "./oauth.ts";
import { refusePythonToken } from "./python-token.ts";
import { serveSmtp } from "./smtp.ts";
import { serveTags } from "./tags.ts";
import { refuseUnknownPaths } from "./unknown-paths.ts";
import { serveUnsubscribes } from "./unsubscribes.ts";

/** Everything of SendPulse's API that needs a token. */
const resources = [
  serveAddressBooks,
  serveBookEmails,
  serveEmails,
  serveBlacklist,
  serveTags,
  serveSmtp,
  serveUnsubscribes,
  serveAutomations,
  serveEventLog,
];

/** SendPulse's API, at its own paths. */
export async function serveSendPulse(app: FastifyInstance, context: DoorContext): Promise<void> {
  answerErrors(app, context);
  acceptAnyBody(app);
  serveOauth(app, context);
  await app.register(async (scope) => serveEvents(scope, context));
  refuseUnknownPaths(app);
  await app.register(async (scope) => {
    scope.addHook("onRequest", refusePythonToken);
    scope.addHook("onRequest", context.requireCaller("bearer"));
    for (const serve of resources) serve(scope, context);
  });
}
