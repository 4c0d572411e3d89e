import type { FastifyInstance } from "fastify";
import { AppError, type ErrorCode, errorTable, type Issue } from "../../core/errors.ts";
import type { DoorContext } from "../door.ts";

/** An error in SendPulse's own form. `errors` names the broken fields. */
type SendPulseError = { error_code: number; message: string; errors?: { field: string; message: string }[] };

/** The numbers of SendPulse's registry for what we can say; anything else has the HTTP status as its number. */
const numbers: Partial<Record<ErrorCode, number>> = {
  invalid_json: 999,
  invalid_request: 21356,
  list_not_found: 213,
  list_exists: 203,
  contact_not_found: 502,
  message_not_found: 14,
  forbidden: 800,
  rate_limited: 2020202020,
};

/** A broken rule that SendPulse has a number for; it answers those with 400. */
export function refusal(errorCode: number, message: string, issues: Issue[] = []): AppError {
  return new AppError("invalid_request", message, { issues, detail: { errorCode } });
}

/** An error in SendPulse's form, with the HTTP status that goes with it. */
export function wordError(error: AppError): { status: number; body: SendPulseError } {
  if (error.code === "unauthorized") return { status: 401, body: { message: "Unauthorized!", error_code: 401 } };
  const own = error.detail["errorCode"];
  const errors = error.issues.map(({ path, message }) => ({ field: fieldOf(path), message }));
  const [first] = errors;
  const isPlain = error.message === errorTable[error.code].title;
  const body = {
    error_code: typeof own === "number" ? own : (numbers[error.code] ?? error.status),
    // Many clients show the message alone.
    message: isPlain && first ? `${error.message} ${first.field}: ${first.message}` : error.message,
    ...(errors.length === 0 ? {} : { errors }),
  };
  return { status: typeof own === "number" ? 400 : error.status, body };
}

/** Where SendPulse's callers gave what operations know by other names. */
function fieldOf(path: string): string {
  return path.replace(/^contacts\[(\d+)\]/, "emails[$1]").replace(/^(emails\[\d+\])\.properties/, "$1.variables");
}

/** Answers every error of the routes in this scope in SendPulse's form. */
export function answerErrors(app: FastifyInstance, { settleError }: DoorContext): void {
  app.setErrorHandler((error, request, reply) => {
    const { status, body } = wordError(settleError(error, request, reply));
    return reply.code(status).type("application/json").serializer(JSON.stringify).send(body);
  });
}
