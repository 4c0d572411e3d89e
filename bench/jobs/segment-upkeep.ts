import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { JsonObject } from "../../src/core/json.ts";
import type { Sql } from "../../src/storage/database.ts";
import type { Job, Measured, Setting } from "../job.ts";
import { post, publishFlow } from "../rig/api.ts";
import { startChild } from "../rig/child.ts";
import { startLoad } from "../rig/load.ts";
import type { SegmentAnswer, SegmentQuestion } from "../rig/segment-process.ts";
import { type Server, startServer } from "../rig/server.ts";

/**
 * A thousand changes a second, each of which lets a contact enter or leave one of eight segments, sent as events and contacts in batches: from the moment a change is accepted until
 * everybody can see who has entered or left. `rate` is what was accepted a second: the others hold for that.
 */
export const segmentUpkeep: Job = { name: "segment-upkeep", bar: { atMost: 1000 }, run };

const days = (amount: number) => ({ amount, unit: "days" });

/** Each contact has two orders, so that one more makes it loyal. */
const definitions = {
  plan: { field: "contact.plan", operator: "is", value: "gold" },
  tag: { field: "contact.tags", operator: "includes", value: "vip" },
  order: { event: "order.placed", within: days(30), count: { atLeast: 3 } },
};
const others: readonly JsonObject[] = [
  { event: "order.placed", where: { field: "event.total", operator: "atLeast", value: 90 }, within: days(7) },
  { not: { event: "order.placed", within: days(14) } },
  { and: [{ field: "contact.firstName", operator: "contains", value: "7" }, definitions.plan] },
  { or: [definitions.tag, { field: "contact.plan", operator: "in", value: ["p1", "p2"] }] },
];

async function run({ quick, place, profileDir }: Setting): Promise<Measured[]> {
  const count = quick ? 2_000 : 50_000;
  const perSecond = quick ? 600 : 1000;
  const seconds = { warm: quick ? 1 : 5, measured: quick ? 2 : 10 };
  const { url: databaseUrl, sql } = await place.database();
  const server = place.use(await startServer({ dataDir: join(place.dir, "segments"), databaseUrl, profileDir }));
  const load = place.use(await startLoad());
  const orders = { event: "order.placed", batch: 100, connections: 4 };
  await load.run({ ...orders, port: server.port, path: "/v1/events/batch", contacts: count, count: (2 * count) / 100 });
  await sql`
    update contact set tags = case when email ~ '[369]@' then '{vip,customer}'::text[] else '{customer}' end,
                       properties = case when email ~ '[02468]@' then properties || '{"plan": "gold"}' else properties end`;
  await sql`vacuum analyze contact, event`;
  const segments = await makeSegments(server, sql);
  const client = place.use(await startChild("./segment-process.js"));
  const question = { port: server.port, databaseUrl, segments, perSecond };
  const ask = (part: Pick<SegmentQuestion, "from" | "seconds">) => client.ask<SegmentAnswer>({ ...question, ...part });
  await ask({ from: 0, seconds: seconds.warm });
  const measured = await ask({ from: seconds.warm * perSecond, seconds: seconds.measured });
  const { p50, p99, entered, left, missing, answerP50 } = measured;
  if (missing > 0) throw new Error(`Of ${missing} changes nobody knows what they did to segments.`);
  const answers = Object.entries(answerP50).map(([kind, ms]) => `${kind} ${ms.toFixed(1)} ms`);
  const note = `${count} contacts; ${entered} entered and ${left} left; the API's answer (p50): ${answers.join(", ")}`;
  const isSent = { atLeast: 0.95 * perSecond };
  return [
    { row: "segment-upkeep-p50", figure: p50, limit: null, unit: "ms", note },
    { row: "segment-upkeep-p99", figure: p99, limit: null, unit: "ms" },
    { row: "segment-upkeep-rate", bar: isSent, figure: measured.perSecond, limit: null, unit: "changes/s" },
  ];
}

/** Makes the segments, one of them over two others, and a flow that hears of one; resolves when all are built. */
async function makeSegments(server: Server, sql: Sql): Promise<SegmentQuestion["segments"]> {
  const make = async (name: string, definition: JsonObject) =>
    String((await post(server.url, "/v1/segments", { name, definition }))["id"]);
  const segments = {
    plan: await make("plan", definitions.plan),
    tag: await make("tag", definitions.tag),
    order: await make("order", definitions.order),
  };
  for (const [index, definition] of others.entries()) await make(`other ${index}`, definition);
  await make("both", { and: [{ segment: segments.plan }, { not: { segment: segments.tag } }] });
  await publishFlow(server.url, {
    schema: 1,
    name: "Welcome to the best",
    entries: {
      entered: { kind: "segment-changed", config: { segment: segments.tag, change: "entered" }, next: "pause" },
    },
    steps: { pause: { kind: "wait", config: { for: days(30) }, exits: { next: null } } },
    reentry: { mode: "always" },
  });
  for (;;) {
    const [row] = await sql<[{ building: number }]>`
      select count(*)::int as building from segment where state <> 'ready'`;
    if (row.building === 0) return segments;
    await delay(20);
  }
}
