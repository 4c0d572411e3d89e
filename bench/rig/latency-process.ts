import { Agent, request } from "undici";
import { type FastSmtpSink, startFastSmtpSink } from "../../src/testing/fast-smtp-sink.ts";
import { serveParent } from "./child.ts";
import { apiKey } from "./server.ts";
import { quantiles, sendSteadily } from "./steady.ts";

export type LatencyQuestion = { port: number; perSecond: number; seconds: number; from: number };
export type LatencyAnswer = {
  p50: number;
  p99: number;
  answerP50: number;
  answerP99: number;
  sent: number;
  arrived: number;
};

const quietMs = 5_000;

// Sends events at a steady rate, whatever the answers do, and is the SMTP server that the mails come to: one clock sees both ends.
const sentAt = new Map<number, number>();
const spans: number[] = [];
let lastAt = 0;
const sink: FastSmtpSink = await startFastSmtpSink({
  onAccepted: ({ to }) => {
    lastAt = performance.now();
    const begun = sentAt.get(Number(/l(\d+)@/.exec(to)?.[1]));
    if (begun !== undefined) spans.push(lastAt - begun);
  },
});
serveParent<LatencyQuestion>({ port: sink.port }, measure);

async function measure({ port, perSecond, seconds, from }: LatencyQuestion): Promise<LatencyAnswer> {
  sentAt.clear();
  spans.length = 0;
  const agent = new Agent({ connections: 64, pipelining: 1 });
  const total = perSecond * seconds;
  const answerMs = await sendSteadily({ perSecond, seconds }, (index) => send(agent, port, from + index));
  lastAt = performance.now();
  while (spans.length < total && performance.now() - lastAt < quietMs) await new Promise((done) => setTimeout(done, 5));
  await agent.close();
  const mails = quantiles(spans);
  const api = quantiles(answerMs);
  return { p50: mails.p50, p99: mails.p99, answerP50: api.p50, answerP99: api.p99, sent: total, arrived: spans.length };
}

async function send(dispatcher: Agent, port: number, number: number): Promise<number> {
  const body = JSON.stringify({
    name: "order.placed",
    contact: { email: `l${number}@bench.example` },
    payload: { orderId: `o-${number}`, total: 42 },
  });
  const headers = { "content-type": "application/json", authorization: `Bearer ${apiKey}` };
  const begun = performance.now();
  sentAt.set(number, begun);
  const answer = await request(`http://127.0.0.1:${port}/v1/events`, { dispatcher, method: "POST", headers, body });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`Answered ${answer.statusCode}: ${text}`);
  return performance.now() - begun;
}
