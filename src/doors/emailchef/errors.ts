import type { FastifyInstance, FastifyReply } from "fastify";
import type { AppError, Issue } from "../../core/errors.ts";
import type { DoorContext } from "../door.ts";

type EmailchefError = { status: "ERROR"; message: string; code?: string; issues?: Issue[] };

/** An error as Emailchef words it; null for the one that is plain text there. */
export function wordError({ code, status, message, issues }: AppError): EmailchefError | null {
  if (code === "unauthorized") return null;
  if (status === 404) return { status: "ERROR", message: "resource_not_found" };
  const [first] = issues;
  if (!first) return { status: "ERROR", message, code };
  // Its clients show the message alone, so it has to say which field.
  const named = first.path === "" ? first.message : `${first.path} ${first.message}`;
  return { status: "ERROR", message: named, code, issues };
}

/** Answers every error of the routes in this scope, and unknown paths under it, in Emailchef's form. */
export function answerErrors(app: FastifyInstance, { settleError }: DoorContext): void {
  app.setErrorHandler((error, request, reply) => {
    const body = wordError(settleError(error, request, reply));
    return body === null ? unauthorized(reply) : send(reply, body);
  });
}

/** Says that there is nothing at a path under this scope's prefix. */
export function answerUnknownPaths(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) =>
    send(reply.code(404), { status: "ERROR", message: "resource_not_found" }),
  );
}

function unauthorized(reply: FastifyReply): FastifyReply {
  return reply
    .type("text/plain; charset=utf-8")
    .serializer((text: string) => text)
    .send("Unauthorized");
}

function send(reply: FastifyReply, body: EmailchefError): FastifyReply {
  return reply.type("application/json; charset=utf-8").serializer(JSON.stringify).send(body);
}
