import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "../../src/storage/database.ts";
import type { Job, Measured, Setting } from "../job.ts";
import { mailHtml } from "../mail.ts";
import { post, publishFlow } from "../rig/api.ts";
import { startChild } from "../rig/child.ts";
import type { LatencyAnswer } from "../rig/latency-process.ts";
import { startLoad } from "../rig/load.ts";
import { startServer } from "../rig/server.ts";

/**
 * From the moment an event is sent until its transactional mail is accepted by an SMTP server, while the mails of a broadcast are in line and go
 * out; `limit` is the same of the server when it has nothing else to do. With all priorities made equal, `--quick` gave p50 1,430 ms and p99
 * 4,548 ms where it gave 114 ms and 456 ms before: the row fails when priorities are ignored.
 */
export const priority: Job = { name: "priority", bar: { atMost: 500 }, run };

const perSecond = 50;

const receipt = {
  schema: 1,
  name: "Receipt",
  priority: "high",
  entries: { ordered: { kind: "event", config: { event: "order.placed" }, next: "mail" } },
  steps: { mail: mailStep("<p>Thank you for order {{ event.orderId }}.</p>", "transactional") },
  reentry: { mode: "always", key: "{{ event.orderId }}" },
};

/** Everybody's mail is due at the same instant, as when people are told "at ten": so all of them are in line at once. */
function newsletter(at: Date) {
  return {
    schema: 1,
    name: "Newsletter",
    entries: { started: { kind: "start", config: {}, next: "hold" } },
    steps: {
      hold: { kind: "wait", config: { until: at.toISOString() }, exits: { next: "mail" } },
      mail: mailStep(mailHtml, "marketing"),
    },
  };
}

function mailStep(html: string, purpose: string) {
  const config = { from: "Shop <shop@sender.example>", subject: "From the shop", html, purpose };
  return { kind: "send-email", config, exits: { next: null } };
}

async function run({ quick, place, profileDir }: Setting): Promise<Measured[]> {
  const audience = quick ? 4_000 : 40_000;
  const seconds = quick ? 2 : 6;
  const client = place.use(await startChild<{ port: number }>("./latency-process.js"));
  const { url: databaseUrl, sql } = await place.database();
  const options = { dataDir: join(place.dir, "priority"), databaseUrl, smtpPort: client.hello.port, profileDir };
  const server = place.use(await startServer(options));
  const load = place.use(await startLoad());
  const readers = { event: "page.seen", batch: 100, connections: 4, contacts: audience, count: audience / 100 };
  await load.run({ ...readers, port: server.port, path: "/v1/events/batch" });
  await publishFlow(server.url, receipt);
  const measure = async (from: number, length: number) =>
    checked(await client.ask<LatencyAnswer>({ port: server.port, perSecond, seconds: length, from }));
  await measure(1_000_000, quick ? 0.5 : 1);
  const idle = await measure(2_000_000, seconds);
  // About as long as it takes to have everybody stand in the wait.
  const at = new Date(Date.now() + audience / 4);
  const flowId = await publishFlow(server.url, newsletter(at));
  const where = { field: "contact.plan", operator: "exists" };
  await post(server.url, `/v1/flows/${flowId}/start`, { where });
  const before = await untilInLine(sql, audience);
  const loaded = await measure(3_000_000, seconds);
  const after = await inLine(sql);
  if (after === 0) throw new Error("The broadcast was over before the measurement was.");
  const bar = { atMost: Math.max(500, 3 * idle.p99) };
  const note = `${before} mails of the broadcast were in line at the beginning, ${after} at the end; without: p50 ${idle.p50.toFixed(1)} ms, p99 ${idle.p99.toFixed(1)} ms`;
  return [
    { row: "priority-p50", bar, figure: loaded.p50, limit: idle.p50, unit: "ms", note },
    { row: "priority-p99", bar, figure: loaded.p99, limit: idle.p99, unit: "ms" },
  ];
}

function checked(answer: LatencyAnswer): LatencyAnswer {
  if (answer.arrived < answer.sent) throw new Error(`Of ${answer.sent} mails ${answer.arrived} arrived.`);
  return answer;
}

async function inLine(sql: Sql): Promise<number> {
  const [row] = await sql<[{ count: number }]>`select count(*)::int as count from outbox where priority = 2`;
  return row.count;
}

/** Resolves when more than half of the audience's mails are in the outbox, with how many there are. */
async function untilInLine(sql: Sql, audience: number): Promise<number> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const count = await inLine(sql);
    if (count > audience * 0.55) return count;
    if (performance.now() > deadline) throw new Error(`Only ${count} mails of the broadcast came into line.`);
    await delay(50);
  }
}
