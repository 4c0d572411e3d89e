import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";

let database: TestDatabase;
let engine: TestEngine;
let target: { url: string; calls: string[]; close(): void };

beforeAll(async () => {
  database = await createTestDatabase();
  engine = await createTestEngine({ sql: database.sql });
  target = await startTarget();
});

afterAll(async () => {
  await engine.stop();
  target.close();
  await database.drop();
});

async function startTarget() {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      calls.push(body);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ tier: JSON.parse(body).total > 100 ? "gold" : "plain" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tier`, calls, close: () => server.close() };
}

function purchaseFlow(url: string) {
  return {
    schema: 1,
    name: "After a purchase",
    entries: { bought: { kind: "event", config: { event: "order.placed" }, next: "ask" } },
    steps: {
      ask: {
        kind: "http-action",
        config: {
          method: "POST",
          url,
          body: { kind: "json", value: { total: "{{ event.total }}" } },
          save: [{ property: "tier", path: "body.tier" }],
        },
        exits: { success: "which", error: "done" },
      },
      which: {
        kind: "condition",
        config: { paths: [{ name: "gold", when: { field: "steps.ask.body.tier", operator: "is", value: "gold" } }] },
        exits: { gold: "pause", else: "done" },
      },
      pause: { kind: "wait", config: { for: { amount: 2, unit: "hours" } }, exits: { next: "mail" } },
      mail: {
        kind: "send-email",
        config: {
          subject: "Thanks {{ contact.name }}",
          html: "<p>Order {{ event.orderId }}, {{ contact.tier }}</p>",
          purpose: "transactional",
        },
        exits: { next: "done" },
      },
      done: { kind: "end", config: {}, exits: {} },
    },
    reentry: { mode: "always", key: "{{ event.orderId }}" },
  };
}

test("takes an event through an HTTP call, a branch, a wait and a mail", async () => {
  const flowId = await engine.publish(purchaseFlow(target.url));
  await engine.record({ name: "order.placed", payload: { orderId: "o-1", total: 150 }, properties: { name: "Ada" } });
  await engine.settle();
  expect(engine.errors).toEqual([]);
  expect(target.calls).toEqual(['{"total":150}']);
  const [waiting] = await database.sql`select status, step from run where flow_id = ${flowId}`;
  expect(waiting).toEqual({ status: "waiting", step: "pause" });
  await engine.advanceTo(new Date("2026-03-01T12:00:00Z"));
  expect(engine.errors).toEqual([]);
  const [ended] = await database.sql`select status, step from run where flow_id = ${flowId}`;
  expect(ended).toEqual({ status: "completed", step: "done" });
  const [message] = await database.sql`select status, subject, to_address from message where flow_id = ${flowId}`;
  expect(message).toEqual({ status: "sent", subject: "Thanks Ada", to_address: "ada@example.com" });
  const trail = await database.sql<
    { entries: { step: string; outcome: string }[] }[]
  >`select entries from trail order by at, seq`;
  expect(trail.flatMap(({ entries }) => entries.map(({ step, outcome }) => `${step} ${outcome}`))).toEqual([
    "ask asked",
    "ask went",
    "which went",
    "pause waiting",
    "pause went",
    "mail went",
    "done ended",
  ]);
  const [kept] = await database.sql`select count(*)::int as count from sandbox_message`;
  expect(kept?.count).toBe(1);
  const left =
    await database.sql`select (select count(*) from outbox)::int as outbox, (select count(*) from event_queue)::int as queue`;
  expect(left[0]).toEqual({ outbox: 0, queue: 0 });
});

function greetingFlow(subject: string) {
  return {
    schema: 1,
    name: "Greeting",
    entries: { joined: { kind: "event", config: { event: "user.joined" }, next: "pause" } },
    steps: {
      pause: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "mail" } },
      mail: { kind: "send-email", config: { subject, html: "<p>Hi</p>" }, exits: { next: null } },
    },
    reentry: { mode: "always", whileRunning: "beside" },
  };
}

test("a run goes on by the version it began with, after another was published", async () => {
  const flowId = await engine.publish(greetingFlow("First"));
  await engine.record({ name: "user.joined", identity: { email: "bea@example.com" } });
  await engine.settle();
  await engine.publishNext(flowId, greetingFlow("Second"));
  await engine.record({ name: "user.joined", identity: { email: "bea@example.com" } });
  await engine.settle();
  await engine.advanceTo(new Date(engine.clock.now.getTime() + 3_600_000));
  const sent = await database.sql`select version, subject from message where flow_id = ${flowId} order by version`;
  expect([...sent]).toEqual([
    { version: 1, subject: "First" },
    { version: 2, subject: "Second" },
  ]);
});
