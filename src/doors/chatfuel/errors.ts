import type { FastifyInstance } from "fastify";
import type { AppError, Issue } from "../../core/errors.ts";
import type { DoorContext } from "../door.ts";

/** An error in Chatfuel's form; `errors` names what is broken, a phone with its place in the list. */
type ChatfuelError = { code: number; message: string; errors?: (Issue & { index?: number; phone?: string })[] };

/** An error as this door words it, with its HTTP status. */
export function wordError(error: AppError): { status: number; body: ChatfuelError } {
  const status = error.code === "invalid_request" ? 400 : error.status;
  const errors = error.issues.map((issue) => ({ ...issue, ...placeOf(issue) }));
  return { status, body: { code: status, message: error.message, ...(errors.length === 0 ? {} : { errors }) } };
}

/** Answers every error of the routes in this scope in Chatfuel's form: a call without a good key gets an empty body. */
export function answerErrors(app: FastifyInstance, { settleError }: DoorContext): void {
  app.setErrorHandler((error, request, reply) => {
    const known = settleError(error, request, reply);
    if (known.code === "unauthorized") return reply.header("www-authenticate", "Bearer").send();
    const { status, body } = wordError(known);
    return reply.code(status).type("application/json").serializer(JSON.stringify).send(body);
  });
}

function placeOf({ path }: Issue): { index?: number } {
  const place = /^phones\[(\d+)\]$/.exec(path)?.[1];
  return place === undefined ? {} : { index: Number(place) };
}
