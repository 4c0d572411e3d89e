import { join } from "node:path";
import type { Job, Measured, Setting } from "../job.ts";
import { publishFlow } from "../rig/api.ts";
import { startChild } from "../rig/child.ts";
import type { LatencyAnswer } from "../rig/latency-process.ts";
import { startServer } from "../rig/server.ts";

/** From the moment an event is sent until its mail is accepted by an SMTP server, at 500 events a second. */
export const latency: Job = { name: "latency", bar: { atMost: 20 }, run };

const perSecond = 500;
const flow = {
  schema: 1,
  name: "Thanks",
  entries: { ordered: { kind: "event", config: { event: "order.placed" }, next: "mail" } },
  steps: {
    mail: {
      kind: "send-email",
      config: {
        from: "Shop <shop@sender.example>",
        subject: "Order {{ event.orderId }}",
        html: "<p>Thank you for order {{ event.orderId }}: {{ event.total }} €.</p>",
        purpose: "transactional",
      },
      exits: { next: null },
    },
  },
  reentry: { mode: "always", key: "{{ event.orderId }}" },
};

async function run({ quick, place, profileDir }: Setting): Promise<Measured[]> {
  const client = place.use(await startChild<{ port: number }>("./latency-process.js"));
  const { url: databaseUrl } = await place.database();
  const options = { dataDir: join(place.dir, "latency"), databaseUrl, smtpPort: client.hello.port, profileDir };
  const server = place.use(await startServer(options));
  await publishFlow(server.url, flow);
  await client.ask<LatencyAnswer>({ port: server.port, perSecond, seconds: quick ? 1 : 4, from: 1_000_000 });
  const measured = await client.ask<LatencyAnswer>({ port: server.port, perSecond, seconds: quick ? 2 : 15, from: 0 });
  const { p50, p99, answerP50, answerP99, sent, arrived } = measured;
  if (arrived < sent) throw new Error(`Of ${sent} mails ${arrived} arrived.`);
  const note = `the API's answer: p50 ${answerP50.toFixed(1)} ms, p99 ${answerP99.toFixed(1)} ms`;
  return [
    { row: "latency-p50", figure: p50, limit: null, unit: "ms", note },
    { row: "latency-p99", bar: { atMost: 100 }, figure: p99, limit: null, unit: "ms" },
  ];
}
