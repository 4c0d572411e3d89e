import { createSmtpTransport } from "../../src/channels/email/deliver.ts";
import { parseSmtpUrl } from "../../src/channels/email/settings.ts";
import { createEmailEffects } from "../../src/engine/perform/email-effects.ts";
import type { Job, Measured, Setting } from "../job.ts";
import { limitSender, mailHtml, perSecond } from "../mail.ts";
import { type BenchEngine, startBenchEngine } from "../rig/engine.ts";
import type { Place } from "../rig/place.ts";
import { profileHere } from "../rig/profile.ts";
import { type Sink, startSink } from "../rig/sink.ts";
import { insertWaitingRuns } from "../rig/waiting-runs.ts";

/** The whole life of a mail of 5 KB: run, outbox, render, note, SMTP, settled in the database; beside a client that makes a connection for each. */
export const mailPipeline: Job = { name: "mail-pipeline", bar: { ratio: 0.4 }, run };

const rounds = 3;
const hourMs = 3_600_000;
const flow = {
  schema: 1,
  name: "Mail",
  entries: { begin: { kind: "event", config: { event: "order.placed" }, next: "pause" } },
  steps: {
    pause: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "mail" } },
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
};

async function run({ quick, place, profileDir }: Setting): Promise<Measured> {
  const sink = place.use(await startSink());
  const start = new Date();
  const perRound = quick ? 700 : 6_000;
  const engine = place.use(await openEngine(place, { sink, start, count: perRound * (rounds + 1) }));
  const totals = { figure: 0, limit: 0 };
  await engine.advanceTo(wakeAt(start, 0));
  const stopProfile = await profileHere(profileDir, "mail-pipeline");
  for (let round = 1; round <= rounds; round += 1) {
    totals.limit += await perSecond(quick ? 800 : 2_000, limitSender(sink.port));
    totals.figure += await sendRound(engine, { sink, at: wakeAt(start, round), count: perRound });
  }
  await stopProfile();
  return {
    figure: totals.figure / rounds,
    limit: totals.limit / rounds,
    unit: "mails/s",
    note: "the sink's own work is in both",
  };
}

function wakeAt(start: Date, round: number): Date {
  return new Date(start.getTime() + (round + 1) * hourMs);
}

async function sendRound(
  engine: BenchEngine,
  { sink, at, count }: { sink: Sink; at: Date; count: number },
): Promise<number> {
  const before = await sink.counts();
  const ms = await engine.advanceTo(at);
  const after = await sink.counts();
  if (after.accepted - before.accepted !== count)
    throw new Error(`Of ${count} mails ${after.accepted - before.accepted} arrived.`);
  return (count * 1000) / ms;
}

async function openEngine(
  place: Place,
  { sink, start, count }: { sink: Sink; start: Date; count: number },
): Promise<BenchEngine> {
  const { url } = await place.database();
  const settings = parseSmtpUrl(`smtp://127.0.0.1:${sink.port}`);
  if (!settings.ok) throw new Error(settings.message);
  const transport = createSmtpTransport(settings.value);
  return startBenchEngine({
    url,
    definition: flow,
    now: start,
    performer: ({ sql, flows, now }) =>
      createEmailEffects({
        ...{ sql, flows, now, random: () => 0.5, concurrency: 128 },
        transports: [{ name: "smtp", transport, sandbox: false }],
        defaultFrom: "Bench <bench@sender.example>",
      }),
    fill: ({ sql, workspaceId, flowId }) =>
      insertWaitingRuns(sql, {
        ...{ workspaceId, flowId, count, dueEvery: 1 },
        steps: ["pause"],
        enteredAt: start,
        wakeAt: Array.from({ length: rounds + 1 }, (_, round) => wakeAt(start, round)),
      }),
  });
}
