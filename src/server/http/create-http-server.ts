import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { serveChatfuel } from "../../doors/chatfuel/routes.ts";
import type { ExpressRoute } from "../../doors/door.ts";
import { serveEmailchef } from "../../doors/emailchef/routes.ts";
import { serveHilos } from "../../doors/hilos/routes.ts";
import { type RestContext, serveRest } from "../../doors/rest/routes.ts";
import { serveSendPulse } from "../../doors/sendpulse/routes.ts";
import type { Caller } from "../../operations/platform.ts";
import { type Answered, watchAnswers } from "./answered.ts";
import { type Authentication, createAuthentication } from "./authentication.ts";
import { endBusyConnections } from "./busy-connections.ts";
import { frameworkErrorHandler, handleErrors, refuseExpress, settleError } from "./error-handler.ts";
import { openExpressLane } from "./express-lane.ts";
import { type ReadinessCheck, serveHealth } from "./health.ts";
import { acceptJson } from "./json-body.ts";
import { loggableUrl } from "./logger.ts";
import { countAcceptedEvents, serveMetrics } from "./metrics.ts";
import { handleNotFound } from "./not-found.ts";
import { serveApiReference } from "./openapi.ts";
import { servePages } from "./pages.ts";
import { requestIdOf } from "./request-id.ts";
import { sendSecurityHeaders } from "./security-headers.ts";
import { defaultHttpSettings, type HttpSettings } from "./settings.ts";
import { validatorCompiler } from "./validate-request.ts";

export type HttpServerOptions = {
  platform: RestContext["platform"];
  settings: Partial<HttpSettings>;
  dependencies: {
    logger: Logger;
    registry: Registry;
    version: string;
    authenticate: (key: string) => Promise<Caller | null>;
    checkReadiness: ReadinessCheck;
    testHttpAction: RestContext["testHttpAction"];
  };
};

type Door = (app: FastifyInstance, context: RestContext) => Promise<void>;

const doors: readonly Door[] = [serveRest, serveChatfuel, serveEmailchef, serveHilos, serveSendPulse];

/** Builds the HTTP side of the server with all its doors and pages. It listens to nothing yet; `close` lets open requests finish. */
export async function createHttpServer({
  platform,
  settings: given,
  dependencies,
}: HttpServerOptions): Promise<FastifyInstance> {
  const settings = { ...defaultHttpSettings, ...given };
  const app = createApp(settings, dependencies.logger);
  const { authenticate, registry, version } = dependencies;
  const authentication = createAuthentication({ authenticate, ...settings, clock: () => performance.now() });
  app.decorateRequest("caller", null);
  acceptJson(app);
  handleErrors(app, settings);
  handleNotFound(app);
  sendSecurityHeaders(app);
  endBusyConnections(app);
  const onAnswer = [slowRequestLog(dependencies.logger, settings.slowRequestMs), serveMetrics(app, registry)];
  watchAnswers(app, onAnswer);
  serveHealth(app, dependencies.checkReadiness);
  await serveApiReference(app, { publicUrl: settings.publicUrl, version });
  servePages(app);
  const routes: ExpressRoute[] = [];
  const context = restContext({ platform, settings, dependencies, routes }, authentication);
  for (const serve of doors) await app.register(async (scope) => serve(scope, context));
  openExpressLane(app.server, {
    routes,
    ...settings,
    refuse: (error, route, call) => refuseExpress(error, { route, call, log: dependencies.logger, ...settings }),
    report: (error, { id: requestId }) => dependencies.logger.error({ err: error, requestId }, "no answer"),
    onAnswer: (answered) => {
      for (const tell of onAnswer) tell(answered);
    },
  });
  return app;
}

function createApp(settings: HttpSettings, logger: Logger) {
  const app = Fastify({
    loggerInstance: logger,
    // A child logger per request costs more than the rest of the framework; lines carry the request id themselves.
    childLoggerFactory: (parent) => parent,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    bodyLimit: settings.bodyLimitBytes,
    trustProxy: settings.trustProxy,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    // Clients of other systems end paths with a slash, or begin them with two.
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
    frameworkErrors: frameworkErrorHandler(settings.publicUrl),
    clientErrorHandler: answerBrokenRequest,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  // Schemas of answers are for the reference; what operations return is typed, and checking it again would cost every request.
  app.setSerializerCompiler(() => JSON.stringify);
  return app as unknown as FastifyInstance;
}

function restContext(
  { platform, settings, dependencies, routes }: HttpServerOptions & { settings: HttpSettings; routes: ExpressRoute[] },
  authentication: Authentication,
): RestContext {
  return {
    platform,
    requireCaller: authentication.require,
    allowCaller: authentication.allow,
    identify: authentication.identify,
    admit: (call, forms) => {
      const header = (name: string, value: string) => call.answerHeaders.push(name, value);
      return authentication.admit(call, { header }, forms);
    },
    settleError,
    callerOf: (request) => {
      if (request.caller === null) throw new Error("A route that needs a caller was reached without one.");
      return request.caller;
    },
    maybeCallerOf: (request) => request.caller,
    requestHash,
    countEvents: countAcceptedEvents(dependencies.registry),
    expressRoute: (route) => void routes.push(route),
    addressOf: (path) => `${settings.publicUrl?.replace(/\/+$/, "") ?? ""}${path}`,
    testHttpAction: dependencies.testHttpAction,
  };
}

/** SHA-256, in hex, of what makes a request the same as another: method, address and body. */
function requestHash(request: FastifyRequest, body?: string): string {
  const hash = createHash("sha256").update(`${request.method} ${request.url}\n`);
  return hash.update(body ?? request.rawBody ?? "").digest("hex");
}

function slowRequestLog(log: Logger, slowRequestMs: number): (answered: Answered) => void {
  return ({ id, method, url, status, ms }) => {
    const durationMs = Math.round(ms);
    if (durationMs < slowRequestMs) return;
    log.warn({ requestId: id, method, url: loggableUrl(url), status, durationMs }, "slow request");
  };
}

/** Answers bytes that are no HTTP request at all, where the framework has no request to hand to a route. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = brokenRequestStatus(error.code);
  const body = JSON.stringify({ type: "about:blank", title: reason, status, code: "invalid_request" });
  const head = `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/problem+json\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
}

function brokenRequestStatus(code: string | undefined): [number, string] {
  if (code === "HPE_HEADER_OVERFLOW") return [431, "Request Header Fields Too Large"];
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return [408, "Request Timeout"];
  return [400, "Bad Request"];
}
