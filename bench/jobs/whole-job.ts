import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Job, Measured, Setting } from "../job.ts";
import { mailHtml } from "../mail.ts";
import { publishFlow } from "../rig/api.ts";
import { startChild } from "../rig/child.ts";
import { startLoad } from "../rig/load.ts";
import { startServer } from "../rig/server.ts";
import { type Sink, startSink } from "../rig/sink.ts";

/** Event, branch, HTTP call, branch, 5 KB mail, everything on disk; from the first event sent until the last mail arrived. */
export const wholeJob: Job = { name: "whole-job", bar: { atLeast: 1200 }, run };

const patienceMs = 20_000;

function flow(targetPort: number) {
  return {
    schema: 1,
    name: "After a purchase",
    entries: { ordered: { kind: "event", config: { event: "order.placed" }, next: "paid" } },
    steps: {
      paid: condition({ field: "event.total", operator: "atLeast", value: 0 }, { yes: "loyalty", else: null }),
      loyalty: {
        kind: "http-action",
        config: {
          method: "POST",
          url: `http://127.0.0.1:${targetPort}/loyalty`,
          body: { kind: "json", value: { email: "{{ contact.email }}", number: 1, order: "{{ event.orderId }}" } },
        },
        exits: { success: "tier", error: null },
      },
      tier: condition({ field: "steps.loyalty.body.tier", operator: "is", value: "gold" }, { yes: "mail", else: null }),
      mail: {
        kind: "send-email",
        config: {
          from: "Shop <shop@sender.example>",
          subject: "Your order {{ event.orderId }}",
          html: mailHtml,
          purpose: "transactional",
        },
        exits: { next: null },
      },
    },
    reentry: { mode: "always", key: "{{ event.orderId }}" },
  };
}

function condition(
  when: { field: string; operator: string; value: string | number },
  exits: Record<string, string | null>,
) {
  return { kind: "condition", config: { paths: [{ name: "yes", when }] }, exits };
}

async function run({ quick, place, profileDir }: Setting): Promise<Measured> {
  const sink = place.use(await startSink());
  const target = place.use(await startChild<{ port: number }>("./http-target-process.js"));
  const load = place.use(await startLoad());
  const { url: databaseUrl } = await place.database();
  const options = { dataDir: join(place.dir, "whole"), databaseUrl, smtpPort: sink.port, profileDir };
  const server = place.use(await startServer(options));
  await publishFlow(server.url, flow(target.hello.port));
  const warm = quick ? 300 : 3_000;
  const count = quick ? 1_500 : 24_000;
  await load.run({ port: server.port, count: warm, from: 0 });
  await untilArrived(sink, warm);
  const startedAt = performance.now();
  const sent = await load.run({ port: server.port, count, from: warm });
  await untilArrived(sink, warm + count);
  const seconds = (performance.now() - startedAt) / 1000;
  const { duplicates } = await sink.counts();
  if (duplicates > 0) throw new Error(`${duplicates} mails arrived twice.`);
  const note = `${count} events, accepted within ${sent.seconds.toFixed(1)} s, all mails there after ${seconds.toFixed(1)} s`;
  return { figure: count / seconds, limit: null, unit: "events/s", note };
}

async function untilArrived(sink: Sink, count: number): Promise<void> {
  let seen = -1;
  for (let changedAt = performance.now(); performance.now() - changedAt < patienceMs; await delay(20)) {
    const { accepted } = await sink.counts();
    if (accepted >= count) return;
    if (accepted > seen) changedAt = performance.now();
    seen = accepted;
  }
  throw new Error(`Of ${count} mails ${seen} arrived, and no more came.`);
}
