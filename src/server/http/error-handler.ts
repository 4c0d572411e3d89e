import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { AppError } from "../../core/errors.ts";
import type { ExpressAnswer, ExpressCall, ExpressRoute } from "../../doors/door.ts";
import { loggableUrl } from "./logger.ts";
import { asAppError, makeProblem } from "./problem.ts";

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
  if (known.code === "unauthorized") reply.header("www-authenticate", 'Bearer realm="Staffetta"');
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

/** An error of the express lane, in the words of its route. */
export function refuseExpress(
  error: unknown,
  { route, call, log }: { route: ExpressRoute; call: ExpressCall; log: Refused["log"] },
): ExpressAnswer {
  const own: string[] = [];
  const known = settleError(
    error,
    { ...call, log },
    { code: () => undefined, header: (name, value) => own.push(name, value) },
  );
  const { headers, ...answer } = route.refuse(known, call);
  return { headers: [...headers, ...own], ...answer };
}

function report(error: AppError, request: Refused): void {
  const cause = error.cause ?? error;
  const err = cause instanceof Error ? cause : new Error(String(cause));
  request.log.error({ err, requestId: request.id, method: request.method, url: loggableUrl(request.url) }, error.code);
}

/** The path without its query, as RFC 9457 wants a URI reference there; nobody's token is sent back to them in full. */
function instanceOf(request: FastifyRequest): string {
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
