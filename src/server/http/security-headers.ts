import type { FastifyInstance } from "fastify";

/**
 * Headers of every answer. What can be looked at (the answers to GET) also gets a policy that allows nothing, and is not kept; a page
 * that needs more sets its own. Answers to other methods are neither shown nor cached by browsers, and each header costs time.
 */
export function sendSecurityHeaders(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    reply.header("x-content-type-options", "nosniff");
    if (request.method === "GET") {
      reply.header("referrer-policy", "no-referrer");
      reply.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
      reply.header("cache-control", "no-store");
    }
    done();
  });
}
