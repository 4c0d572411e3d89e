import { join } from "node:path";
import type { Job, Measured, Setting } from "../job.ts";
import { publishFlow } from "../rig/api.ts";
import { startChild } from "../rig/child.ts";
import { startLoad } from "../rig/load.ts";
import { startServer } from "../rig/server.ts";

/** Single events, committed before the answer, with contact upsert and a flow that listens; beside a handler that only answers. */
export const ingestSingle: Job = { name: "ingest-single", bar: { ratio: 0.5 }, run };

const flow = {
  schema: 1,
  name: "Big orders",
  entries: {
    ordered: { kind: "event", config: { event: "order.placed", where: { field: "event.total", operator: "atLeast", value: 90 } }, next: "pause" },
  },
  steps: { pause: { kind: "wait", config: { for: { amount: 30, unit: "days" } }, exits: { next: null } } },
  reentry: { mode: "never" },
};

async function run({ quick, place, profileDir }: Setting): Promise<Measured> {
  const { url: databaseUrl, sql } = await place.database();
  const server = place.use(await startServer({ dataDir: join(place.dir, "single"), databaseUrl, profileDir }));
  const bare = place.use(await startChild<{ port: number }>("./bare-http-process.js"));
  const load = place.use(await startLoad());
  await publishFlow(server.url, flow);
  const seconds = quick ? 1.5 : 4;
  await load.run({ port: bare.hello.port, seconds: 1 });
  await load.run({ port: server.port, seconds: quick ? 1.5 : 3 });
  const totals = { bare: 0, server: 0 };
  const rounds = 3;
  for (let round = 0; round < rounds; round += 1) {
    const limit = await load.run({ port: bare.hello.port, seconds });
    const figure = await load.run({ port: server.port, seconds, from: (round + 1) * 1_000_000 });
    totals.bare += limit.requests / limit.seconds;
    totals.server += figure.requests / figure.seconds;
  }
  const [left] = await sql<{ queued: number }[]>`select count(*)::int as queued from event_queue`;
  const note = `64 connections, 50,000 contacts, properties laid over them; ${left?.queued ?? 0} events had not met the flow yet at the end`;
  return { figure: totals.server / rounds, limit: totals.bare / rounds, unit: "events/s", note };
}
