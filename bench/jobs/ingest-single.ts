import { join } from "node:path";
import type { Job, Measured, Setting } from "../job.ts";
import { publishFlow } from "../rig/api.ts";
import { startChild } from "../rig/child.ts";
import { startLoad } from "../rig/load.ts";
import { startServer } from "../rig/server.ts";

/** Single events, committed before the answer, with contact upsert and a flow that listens; beside a handler that only answers. */
export const ingestSingle: Job = { name: "ingest-single", bar: { ratio: 0.5 }, run };

const names = ["bare", "committed", "server"] as const;
const flow = {
  schema: 1,
  name: "Big orders",
  entries: {
    ordered: {
      kind: "event",
      config: { event: "order.placed", where: { field: "event.total", operator: "atLeast", value: 90 } },
      next: "pause",
    },
  },
  steps: { pause: { kind: "wait", config: { for: { amount: 30, unit: "days" } }, exits: { next: null } } },
  reentry: { mode: "never" },
};

async function run({ quick, place, profileDir }: Setting): Promise<Measured> {
  const rounds = quick ? 1 : 3;
  const { url: databaseUrl, sql } = await place.database();
  const server = place.use(await startServer({ dataDir: join(place.dir, "single"), databaseUrl, profileDir }));
  const bareDatabase = await place.database();
  const bare = place.use(await startChild<{ port: number }>("./bare-http-process.js", [bareDatabase.url]));
  const load = place.use(await startLoad());
  await publishFlow(server.url, flow);
  const targets = {
    bare: { port: bare.hello.port },
    committed: { port: bare.hello.port, path: "/committed" },
    server: { port: server.port },
  };
  const rate = async (name: keyof typeof targets, seconds: number, from: number) => {
    const answer = await load.run({ ...targets[name], seconds, from });
    return answer.requests / answer.seconds;
  };
  const totals = { bare: 0, committed: 0, server: 0 };
  // The server is measured as it is after its first seconds: by then its functions are compiled, and all contacts are there.
  for (const name of names) await rate(name, quick ? 0.5 : { bare: 3, committed: 3, server: 12 }[name], 0);
  for (let round = 1; round <= rounds; round += 1)
    for (const name of names) totals[name] += (await rate(name, quick ? 1 : 4, round * 1_000_000)) / rounds;
  const [left] = await sql<{ queued: number }[]>`select count(*)::int as queued from event_queue`;
  const note = `64 connections, 50,000 contacts, properties laid over them; the least that commits a contact and an event: ${Math.round(totals.committed)}/s; ${left?.queued ?? 0} events had not met the flow yet at the end`;
  return { figure: totals.server, limit: totals.bare, unit: "events/s", note };
}
