import type { FastifyInstance } from "fastify";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Answered } from "./answered.ts";

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const labelNames = ["method", "route", "status"] as const;

type Tally = { method: string; route: string; status: number; count: number };
/** By route: to put a name together for each request took longer than all else here. */
type Tallies = Map<string, Tally[]>;

/**
 * Counts requests by route, method and status, measures how long one in eight of them takes, and serves everything in `registry` at
 * `/metrics`. Returns what is to be told of every answer. Counts gather in plain objects until somebody asks: the client's own bookkeeping took 3 % of a request.
 */
export function serveMetrics(app: FastifyInstance, registry: Registry): (answered: Answered) => void {
  const registers = [registry];
  const tallies: Tallies = new Map();
  new Counter({
    name: "staffetta_http_requests_total",
    help: "HTTP requests.",
    labelNames,
    registers,
    collect() {
      for (const { count, ...labels } of [...tallies.values()].flat()) this.inc(labels, count);
      tallies.clear();
    },
  });
  const seconds = new Histogram({
    name: "staffetta_http_request_duration_seconds",
    help: "Time from the arrival of a request to the end of its answer, of one request in eight.",
    labelNames: ["route"] as const,
    buckets,
    registers,
  });
  app.get("/metrics", { schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
  let sequence = 0;
  return ({ method, route, status, ms }) => {
    count(tallies, { method, route, status });
    sequence = (sequence + 1) % 8;
    if (sequence === 0) seconds.observe({ route }, ms / 1000);
  };
}

function count(tallies: Tallies, { method, route, status }: Omit<Tally, "count">): void {
  const own = tallies.get(route) ?? [];
  for (const tally of own) {
    if (tally.status !== status || tally.method !== method) continue;
    tally.count += 1;
    return;
  }
  tallies.set(route, [...own, { method, route, status, count: 1 }]);
}

/** Makes the counter of accepted events, and returns what adds to it. */
export function countAcceptedEvents(registry: Registry): (accepted: number) => void {
  let waiting = 0;
  new Counter({
    name: "staffetta_events_accepted_total",
    help: "Events that were committed to disk over HTTP.",
    registers: [registry],
    collect() {
      this.inc(waiting);
      waiting = 0;
    },
  });
  return (accepted) => {
    waiting += accepted;
  };
}
