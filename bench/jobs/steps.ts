import type { Job, Measured, Setting } from "../job.ts";
import { openBareSteps } from "../rig/bare-steps.ts";
import { type BenchEngine, startBenchEngine } from "../rig/engine.ts";
import type { Place } from "../rig/place.ts";
import { profileHere } from "../rig/profile.ts";
import { insertWaitingRuns } from "../rig/waiting-runs.ts";

/**
 * Runs that wait among many others are woken, decided about and saved with trail and outbox; beside a loop that only claims and updates. A lap
 * wakes each due run once, and the four things that are measured take turns.
 */
export const steps: Job = { name: "steps", bar: { ratio: 0.4 }, run };

const hourMs = 3_600_000;
const hour = { for: { amount: 1, unit: "hours" } };
const flow = {
  schema: 1,
  name: "Round and round",
  entries: { begin: { kind: "event", config: { event: "order.placed" }, next: "first" } },
  steps: {
    first: { kind: "wait", config: hour, exits: { next: "second" } },
    second: { kind: "wait", config: hour, exits: { next: "mail" } },
    mail: {
      kind: "send-email",
      config: {
        subject: "Order {{ event.orderId }}",
        html: "<p>Hello {{ contact.firstName }}</p>",
        purpose: "transactional",
      },
      exits: { next: "third" },
    },
    third: { kind: "wait", config: hour, exits: { next: "size" } },
    size: {
      kind: "condition",
      config: { paths: [{ name: "big", when: { field: "event.total", operator: "atLeast", value: 50 } }] },
      exits: { big: "fourth", else: "fourth" },
    },
    fourth: { kind: "wait", config: hour, exits: { next: "first" } },
  },
};
/** Steps left for each time a run is woken: 6 in 4. */
const stepsPerWake = 1.5;

async function run({ quick, place, profileDir }: Setting): Promise<Measured[]> {
  const many = quick ? 30_000 : 1_000_000;
  const big = await openPair(place, { count: many, due: quick ? 4_000 : 60_000 });
  const small = await openPair(place, { count: 10_000, due: quick ? 5_000 : 10_000 });
  const laps = { big: quick ? 2 : 4, small: quick ? 1 : 6 };
  for (const pair of [big, small]) await pair.lap();
  for (const pair of [big, small]) pair.reset();
  const stopProfile = await profileHere(profileDir, "steps");
  for (let round = 0; round < laps.big; round += 1) {
    await big.lap();
    for (let lap = 0; lap < laps.small; lap += 1) await small.lap();
  }
  await stopProfile();
  const [atMany, atFew] = [big.figures(), small.figures()];
  const named = quick ? `steps-${many / 1000}k` : "steps-1m";
  const cost = atFew.figure / atMany.figure;
  const note = (rate: number) =>
    `runs woken, decided and saved; ${Math.round(rate * stepsPerWake)} steps of the flow a second`;
  return [
    { row: "steps-10k", ...atFew, unit: "steps/s", note: note(atFew.figure) },
    {
      row: named,
      ...atMany,
      unit: "steps/s",
      note: note(atMany.figure) + (quick ? "; a million only without --quick" : ""),
    },
    {
      row: `${named}-cost`,
      bar: { atMost: 1.2 },
      figure: cost,
      limit: null,
      unit: "x a step at 10 k",
      note: `the bare loop: ${(atFew.limit / atMany.limit).toFixed(2)}`,
    },
  ];
}

type Pair = { lap(): Promise<void>; reset(): void; figures(): { figure: number; limit: number } };

/** The engine and the bare loop over the same number of runs, each in a database of its own. */
async function openPair(place: Place, { count, due }: { count: number; due: number }): Promise<Pair> {
  const start = new Date();
  const dueEvery = count / due;
  const engine = place.use(await openEngine(place, { count, dueEvery: Math.floor(dueEvery), start }));
  const bareDatabase = await place.database();
  const bare = place.use(await openBareSteps(bareDatabase.url, { count, dueEvery: Math.floor(dueEvery), now: start }));
  await bareDatabase.sql`checkpoint`;
  const spent = { engineMs: 0, engineSteps: 0, bareMs: 0, bareSteps: 0 };
  let now = start;
  return {
    async lap() {
      now = new Date(now.getTime() + hourMs);
      const limit = await bare.lap(now);
      const before = engine.items();
      spent.engineMs += await engine.advanceTo(now);
      spent.engineSteps += engine.items() - before;
      spent.bareMs += limit.ms;
      spent.bareSteps += limit.steps;
    },
    reset() {
      Object.assign(spent, { engineMs: 0, engineSteps: 0, bareMs: 0, bareSteps: 0 });
    },
    figures: () => ({
      figure: (spent.engineSteps * 1000) / spent.engineMs,
      limit: (spent.bareSteps * 1000) / spent.bareMs,
    }),
  };
}

async function openEngine(
  place: Place,
  { count, dueEvery, start }: { count: number; dueEvery: number; start: Date },
): Promise<BenchEngine> {
  const { url } = await place.database();
  return startBenchEngine({
    url,
    definition: flow,
    now: start,
    performer: () => ({
      kind: "email",
      concurrency: 64,
      perform: async (effect) => ({ effect, next: { kind: "done" } }),
      giveUp: (effect) => ({ effect, next: { kind: "done" } }),
      close: async () => undefined,
    }),
    fill: ({ sql, workspaceId, flowId }) =>
      insertWaitingRuns(sql, {
        ...{ workspaceId, flowId, count, dueEvery },
        steps: ["first", "second", "third", "fourth"],
        enteredAt: start,
        wakeAt: [new Date(start.getTime() + hourMs)],
      }),
  });
}
