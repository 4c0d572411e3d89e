import { Worker } from "node:worker_threads";
import { Agent, request } from "undici";
import { createHttpPerformer, type HttpPerformer } from "../src/engine/perform/http/http.ts";
import { httpActionConfig } from "../src/steps/http-action/schema.ts";

const concurrency = 32;
const rounds = 4;
const url = (port: number) => `http://127.0.0.1:${port}/loyalty`;
const target = `
  const { createServer } = require("node:http");
  const { parentPort } = require("node:worker_threads");
  const answer = JSON.stringify({ tier: "gold", points: 1250, offers: ["spring", "welcome"] });
  const server = createServer((incoming, response) => {
    incoming.resume();
    incoming.on("end", () => response.writeHead(200, { "content-type": "application/json", "content-length": answer.length }).end(answer));
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

/**
 * Calls per second of the whole HTTP action (templates, guard, limits, breaker, reading) against those of bare undici with the same number of
 * kept connections. The two take turns, so that what else the machine does falls on both.
 */
export async function benchHttpActions({
  seconds,
}: {
  seconds: number;
}): Promise<{ figure: number; limit: number; unit: string }> {
  const worker = new Worker(target, { eval: true });
  const port = await new Promise<number>((found) => worker.once("message", found));
  const agent = new Agent({ connections: concurrency, pipelining: 1 });
  const performer = createHttpPerformer({ allow: ["127.0.0.0/8"], version: "bench" });
  const bare = bareCall(agent, port);
  const action = actionCall(performer, port);
  const spanMs = (seconds * 1000) / (rounds * 2);
  await countCalls(bare, 200);
  await countCalls(action, 200);
  const totals = { bare: 0, action: 0 };
  for (let round = 0; round < rounds; round += 1) {
    totals.bare += await countCalls(bare, spanMs);
    totals.action += await countCalls(action, spanMs);
  }
  await Promise.all([agent.close(), performer.close()]);
  await worker.terminate();
  return { figure: Math.round(totals.action / rounds), limit: Math.round(totals.bare / rounds), unit: "calls/s" };
}

function bareCall(agent: Agent, port: number): () => Promise<void> {
  const body = JSON.stringify({ email: "ada@example.com", total: 12.5 });
  const headers = { "content-type": "application/json", authorization: "Bearer token-1234" };
  return async () => {
    const answer = await request(url(port), { dispatcher: agent, method: "POST", headers, body });
    await answer.body.json();
  };
}

function actionCall(performer: HttpPerformer, port: number): () => Promise<void> {
  const config = httpActionConfig.parse({
    method: "POST",
    url: url(port),
    headers: { authorization: "Bearer {{ secrets.token }}" },
    body: { kind: "json", value: { email: "{{ contact.email }}", total: "{{ event.total }}" } },
  });
  let count = 0;
  return async () => {
    const now = new Date();
    const performed = await performer.perform({
      key: `run:call:${count++}`,
      config,
      data: { contact: { email: "ada@example.com" }, event: { total: 12.5 } },
      secrets: { token: "token-1234" },
      attempt: 1,
      createdAt: now,
      now,
      random: 0.5,
    });
    if (performed.kind !== "answered" || !performed.answer.ok) throw new Error(JSON.stringify(performed));
  };
}

async function countCalls(call: () => Promise<void>, spanMs: number): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  const lane = async () => {
    while (performance.now() - startedAt < spanMs) {
      await call();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return (calls * 1000) / (performance.now() - startedAt);
}
