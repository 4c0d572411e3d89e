import type { FastifyInstance } from "fastify";
import { serveAbTests } from "./ab-tests.ts";
import { serveBroadcasts } from "./broadcasts.ts";
import { serveContactBatch } from "./contact-batch.ts";
import { serveContacts } from "./contacts.ts";
import { keyForms, type RestContext, withZod } from "./context.ts";
import { serveEventBatch } from "./event-batch.ts";
import { serveEventDefinitions } from "./event-definitions.ts";
import { serveEventLogs } from "./event-logs.ts";
import { serveEventSamples } from "./event-samples.ts";
import { serveEvents } from "./events.ts";
import { serveExplain } from "./explain.ts";
import { serveFlowStates } from "./flow-states.ts";
import { serveFlowVersions } from "./flow-versions.ts";
import { serveFlows } from "./flows.ts";
import { serveHttpActions } from "./http-actions.ts";
import { serveIncomingCalls } from "./incoming-call.ts";
import { serveJobs } from "./jobs.ts";
import { serveKeys } from "./keys.ts";
import { serveLists } from "./lists.ts";
import { serveMessages } from "./messages.ts";
import { serveRunActions } from "./run-actions.ts";
import { serveRuns } from "./runs.ts";
import { serveSandbox } from "./sandbox.ts";
import { serveSecrets } from "./secrets.ts";
import { serveSegments } from "./segments.ts";
import { serveSendEmail } from "./send-email.ts";
import { serveSimulations } from "./simulate.ts";
import { serveWorkspace } from "./workspace.ts";

export type { RestContext } from "./context.ts";

const resources = [
  serveEvents,
  serveEventBatch,
  serveEventDefinitions,
  serveEventLogs,
  serveEventSamples,
  serveContacts,
  serveContactBatch,
  serveLists,
  serveSegments,
  serveFlows,
  serveFlowStates,
  serveAbTests,
  serveBroadcasts,
  serveFlowVersions,
  serveSimulations,
  serveRuns,
  serveRunActions,
  serveJobs,
  serveMessages,
  serveSendEmail,
  serveHttpActions,
  serveSandbox,
  serveExplain,
  serveSecrets,
  serveKeys,
  serveWorkspace,
];

/** Our own REST API: everything under `/v1`, for callers with an API key, and the addresses of incoming calls under `/in`. */
export async function serveRest(app: FastifyInstance, context: RestContext): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook("onRequest", context.requireCaller(...keyForms));
    for (const serve of resources) serve(withZod(scope), context);
  });
  await app.register(async (scope) => serveIncomingCalls(scope, context));
}
