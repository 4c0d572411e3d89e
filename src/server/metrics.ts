import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type Metrics = {
  registry: Registry;
  /** A pass over some lanes ended after `ms` milliseconds. */
  onPass(pass: { items: number; effects: readonly { kind: string }[]; unleased: number }, ms: number): void;
  /** `depth` is read when somebody looks. */
  watchEvents(depth: () => number): void;
};

const passBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The figures of this process for Prometheus. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const help = { passes: "Passes over lanes.", items: "Events, due runs and answers that passes handled." };
  const passes = new Counter({ name: "staffetta_engine_passes_total", help: help.passes, registers });
  const items = new Counter({ name: "staffetta_engine_items_total", help: help.items, registers });
  const seconds = new Histogram({
    name: "staffetta_engine_pass_duration_seconds",
    help: "Time of one pass, from its begin to its commit.",
    buckets: passBuckets,
    registers,
  });
  const effects = new Counter({
    name: "staffetta_engine_effects_total",
    help: "Effects that runs asked for, by kind; `later` are those left in the outbox for whoever has room.",
    labelNames: ["kind"] as const,
    registers,
  });
  return {
    registry,
    onPass(pass, ms) {
      passes.inc();
      items.inc(pass.items);
      seconds.observe(ms / 1000);
      for (const { kind } of pass.effects) effects.inc({ kind });
      if (pass.unleased > 0) effects.inc({ kind: "later" }, pass.unleased);
    },
    watchEvents: (depth) => watch(registry, depth),
  };
}

function watch(registry: Registry, depth: () => number): void {
  new Gauge({
    name: "staffetta_events_waiting",
    help: "Events that were received and are not committed yet.",
    registers: [registry],
    collect() {
      this.set(depth());
    },
  });
}
