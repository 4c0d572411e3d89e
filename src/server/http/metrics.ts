import type { FastifyInstance } from "fastify";
import { Counter, Histogram, type Registry } from "prom-client";

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Counts requests by route, method and status, measures them, and serves everything in `registry` at `/metrics`. */
export function serveMetrics(app: FastifyInstance, registry: Registry): void {
  const registers = [registry];
  const labelNames = ["method", "route", "status"] as const;
  const requests = new Counter({ name: "staffetta_http_requests_total", help: "HTTP requests.", labelNames, registers });
  const seconds = new Histogram({
    name: "staffetta_http_request_duration_seconds",
    help: "Time from the first byte of a request to the last of its answer.",
    labelNames: ["route"] as const,
    buckets,
    registers,
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "none";
    requests.inc({ method: request.method, route, status: reply.statusCode });
    seconds.observe({ route }, reply.elapsedTime / 1000);
    done();
  });
  app.get("/metrics", { schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
}
