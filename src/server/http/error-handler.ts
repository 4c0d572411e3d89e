import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AppError } from "../../core/errors.ts";
import type { ExpressAnswer, ExpressCall, ExpressRoute } from "../../doors/door.ts";
import { loggableUrl } from "./logger.ts";
import { asAppError, makeProblem } from "./problem.ts";

const challengeText = 'Bearer realm="Staffetta"';

type ReportOptions = { publicUrl: string | null };

/** Answers every error that a route or the framework raises with a problem document; unexpected ones reach the log whole. */
export function handleErrors(app: FastifyInstance, options: ReportOptions): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, { request, reply, ...options }));
}

type Situation = ReportOptions & { request: FastifyRequest; reply: FastifyReply };

/** Sends the problem document for `error`, with the headers that go with its kind. */
export function sendProblem(error: unknown, { request, reply, publicUrl }: Situation): FastifyReply {
  const known = settleError(error, request, reply);
  const instance = instanceOf(request);
  const problem = makeProblem(known, { instance, requestId: request.id, publicUrl });
  if (known.code === "unauthorized") reply.header("www-authenticate", challengeText);
  reply.type("application/problem+json");
  // Written out here: the route's own serialiser is made for its answers.
  return reply.serializer(JSON.stringify).send(problem);
}

type Refused = Pick<FastifyRequest, "id" | "method" | "url"> & { log: Pick<FastifyRequest["log"], "error"> };
type Refusal = { code: (status: number) => unknown; header: (name: string, value: string) => unknown };

/** Any error as one of the table: in the log when it is ours, its status and the headers of its kind on the reply. */
export function settleError(error: unknown, request: Refused, reply: Refusal): AppError {
  const known = asAppError(error);
  if (known.code === "internal" || known.code === "unavailable") report(known, request);
  if (known.code === "body_too_large") reply.header("connection", "close");
  if (known.retryAfterSeconds !== undefined) reply.header("retry-after", String(known.retryAfterSeconds));
  reply.code(known.status);
  return known;
}

type Situated = ReportOptions & { route: ExpressRoute; call: ExpressCall; log: Refused["log"] };

/** The answer of the express lane to an error: in the words of its door, or as a problem document. */
export function refuseExpress(error: unknown, { route, call, log, publicUrl }: Situated): ExpressAnswer {
  const header = (name: string, value: string) => call.answerHeaders.push(name, value);
  const known = settleError(error, { ...call, log }, { code: () => undefined, header });
  return route.refuse?.(known) ?? problemAnswer(known, call, publicUrl);
}

function problemAnswer(error: AppError, call: ExpressCall, publicUrl: string | null): ExpressAnswer {
  const body = makeProblem(error, { instance: instanceOf(call), requestId: call.id, publicUrl });
  const challenge = error.code === "unauthorized" ? ["www-authenticate", challengeText] : [];
  return { status: error.status, headers: ["content-type", "application/problem+json", ...challenge], body };
}

function report(error: AppError, request: Refused): void {
  const cause = error.cause ?? error;
  const err = cause instanceof Error ? cause : new Error(String(cause));
  request.log.error({ err, requestId: request.id, method: request.method, url: loggableUrl(request.url) }, error.code);
}

/** The path without its query, as RFC 9457 wants a URI reference there; nobody's token is sent back to them in full. */
function instanceOf(request: Pick<FastifyRequest, "url">): string {
  const path = request.url.slice(0, 512).split("?", 1)[0] ?? "/";
  return loggableUrl(path);
}

/** What the framework refuses before there is a route: a path that cannot be decoded, for one. */
export function frameworkErrorHandler(publicUrl: string | null) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    reply.header("x-request-id", request.id);
    sendProblem(error, { request, reply, publicUrl });
  };
}
