import type { FastifyInstance } from "fastify";

/** A request that was answered: by which route, with what, and in how many milliseconds. */
export type Answered = { id: string; method: string; url: string; route: string; status: number; ms: number };

/** Tells `listeners` of every answer of the framework. */
export function watchAnswers(app: FastifyInstance, listeners: readonly ((answered: Answered) => void)[]): void {
  app.addHook("onResponse", ({ id, method, url, routeOptions }, { statusCode: status, elapsedTime: ms }, done) => {
    const route = routeOptions.url ?? "none";
    for (const tell of listeners) tell({ id, method, url, route, status, ms });
    done();
  });
}
