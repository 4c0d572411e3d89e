import { join } from "node:path";
import type { Job, Measured, Setting } from "../job.ts";
import { defineEvent, publishFlow } from "../rig/api.ts";
import { startChild } from "../rig/child.ts";
import { startLoad } from "../rig/load.ts";
import { startServer } from "../rig/server.ts";

/** Single events at SendPulse's address without a key, with declared variables and a flow that listens; beside a handler that only answers. */
export const sendpulseNoAuth: Job = { name: "sendpulse-no-auth", bar: { ratio: 0.45 }, run };

const names = ["bare", "server"] as const;
const event = "order_placed";
const flow = {
  schema: 1,
  name: "Big orders",
  entries: {
    ordered: {
      kind: "event",
      config: { event, where: { field: "event.total", operator: "atLeast", value: 90 } },
      next: "pause",
    },
  },
  steps: { pause: { kind: "wait", config: { for: { amount: 30, unit: "days" } }, exits: { next: null } } },
  reentry: { mode: "never" },
};
const variables = [
  { name: "orderId", type: "string" },
  { name: "total", type: "number" },
  { name: "event_date", type: "date" },
  { name: "items", type: "structure" },
];

async function run({ quick, place, profileDir }: Setting): Promise<Measured> {
  const { url: databaseUrl } = await place.database();
  const server = place.use(await startServer({ dataDir: join(place.dir, "sendpulse"), databaseUrl, profileDir }));
  const bareDatabase = await place.database();
  const bare = place.use(await startChild<{ port: number }>("./bare-http-process.js", [bareDatabase.url]));
  const load = place.use(await startLoad());
  await publishFlow(server.url, flow);
  const path = await defineEvent(server.url, { name: event, variables });
  const targets = { bare: { port: bare.hello.port }, server: { port: server.port, path } };
  const rate = async (name: keyof typeof targets, seconds: number, from: number) => {
    const answer = await load.run({ ...targets[name], form: "sendpulse", seconds, from });
    return answer.requests / answer.seconds;
  };
  // In short turns: the pace of a machine that others share drifts within seconds. In three turns of 4 s the ratio of one program went from
  // 0.43 to 0.47, and its limit from 22,500 to 24,600.
  const rounds = quick ? 1 : 12;
  const totals = { bare: 0, server: 0 };
  // The server is measured as it is after its first seconds: by then its functions are compiled, and all contacts are there.
  for (const name of names) await rate(name, quick ? 1 : { bare: 3, server: 12 }[name], 0);
  for (let round = 1; round <= rounds; round += 1)
    for (const name of names) totals[name] += (await rate(name, 1, round * 1_000_000)) / rounds;
  const note = "64 connections, 50,000 contacts, four declared variables, the answer with what becomes of the flows";
  return { figure: totals.server, limit: totals.bare, unit: "events/s", note };
}
