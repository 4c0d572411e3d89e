import type { FastifyInstance } from "fastify";

/**
 * Ends each connection with the answer that is under way on it when the server begins to close; those without one are closed at once.
 * It would else stay open, and the server with it, for as long as clients may keep connections.
 */
export function endBusyConnections(app: FastifyInstance): void {
  let isClosing = false;
  app.addHook("preClose", (done) => {
    isClosing = true;
    done();
  });
  app.addHook("onSend", (...[, { raw }, , done]) => {
    if (isClosing) raw.shouldKeepAlive = false;
    done();
  });
}
