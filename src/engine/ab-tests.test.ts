import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";

let database: TestDatabase;
let engine: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
});

beforeEach(async () => {
  engine = await createTestEngine({ sql: database.sql });
});

afterEach(async () => {
  expect(engine.errors).toEqual([]);
  await engine.stop();
});

afterAll(() => database.drop());

const mail = { kind: "send-email", config: { subject: "Hello", html: "<p>Hi</p>" }, exits: { next: null } };

function publish(test: JsonObject, steps: JsonObject = { mail }, exit = "mail"): Promise<string> {
  const config = { variants: [{ name: "a" }, { name: "b" }], ...test };
  return engine.publish({
    schema: 1,
    name: "Test",
    entries: { begin: { kind: "event", config: { event: "go" }, next: "test" } },
    steps: { test: { kind: "ab-test", config, exits: { a: exit, b: exit } }, ...steps },
    reentry: { mode: "always" },
  });
}

function people(from: number, to: number, name = "go") {
  return Array.from({ length: to - from }, (_, n) => ({ name, identity: { email: `p${from + n}@example.com` } }));
}

async function record(...events: Parameters<TestEngine["record"]>) {
  await engine.record(...events);
  await engine.settle();
}

function at(time: string): Date {
  return new Date(`2026-03-01T${time}:00Z`);
}

/** Each variant with its participants and wins, and the winner. */
async function standing(flowId: string) {
  const counts = await database.sql<{ variant: string; seen: number; won: number }[]>`
    select variant, sum(participants)::int as seen, sum(wins)::int as won from ab_count where flow_id = ${flowId} group by 1 order by 1`;
  const [row] = await database.sql`select winner, decided_by as by from ab_test where flow_id = ${flowId}`;
  return { counts: Object.fromEntries(counts.map(({ variant, seen, won }) => [variant, { seen, won }])), ...row };
}

async function takers(flowId: string, variant: string) {
  return database.sql<{ email: string; message: string }[]>`
    select c.email, m.id as message
      from ab_participant p join contact c on c.lane = p.lane and c.id = p.contact_id join message m on m.run_id = p.run_id
     where p.flow_id = ${flowId} and p.variant = ${variant} order by c.email`;
}

function opened(flowId: string, { email, message }: { email: string; message: string }, name = "$message-opened") {
  return { name, identity: { email }, payload: { message, channel: "email", flow: flowId, step: "mail" } };
}

test("the variant whose mails are opened more wins after the span, for runs that have ended too", async () => {
  const flowId = await publish({ winBy: "opens", decide: { after: { amount: 4, unit: "hours" } } });
  await record(...people(0, 20));
  const before = await standing(flowId);
  const [a, b] = [before.counts["a"]?.seen ?? 0, before.counts["b"]?.seen ?? 0];
  expect(a + b).toBe(20);
  const winners = await takers(flowId, "b");
  await engine.advanceTo(at("11:00"));
  // Opened twice, and clicked: one win for each run.
  for (const one of winners)
    await record(opened(flowId, one), opened(flowId, one), opened(flowId, one, "$message-clicked"));
  expect(await standing(flowId)).toMatchObject({ counts: { a: { won: 0 }, b: { seen: b, won: b } }, winner: null });
  await engine.advanceTo(at("14:00"));
  await record(...people(20, 40));
  expect(await standing(flowId)).toEqual({
    counts: { a: { seen: a, won: 0 }, b: { seen: b, won: b } },
    winner: "b",
    by: "engine",
  });
  const later = await database.sql<{ variant: string }[]>`
    select steps->'test'->>'variant' as variant from run where flow_id = ${flowId} and started_at >= ${at("14:00")}`;
  expect(later).toHaveLength(20);
  expect(new Set(later.map(({ variant }) => variant))).toEqual(new Set(["b"]));
});

test("an event that is the goal counts for contacts that took part before it, and the number decides", async () => {
  const flowId = await publish({ winBy: { event: "order.placed" }, decide: { participants: 10 } });
  await engine.advanceTo(at("10:30"));
  await record({ name: "order.placed", identity: { email: "p0@example.com" } });
  await record(...people(0, 9));
  await engine.advanceTo(at("11:00"));
  const [first] = await takers(flowId, "a");
  const event = { name: "order.placed", identity: { email: first?.email ?? "" } };
  await record(event, event);
  expect(await standing(flowId)).toMatchObject({ counts: { a: { won: 1 }, b: { won: 0 } }, winner: null });
  await record(...people(9, 10));
  await record(...people(10, 11));
  expect(await standing(flowId)).toMatchObject({ winner: "a", by: "engine" });
});

test("an event wins for the runs that it is about: those of the same key, where its condition holds", async () => {
  const rest = { kind: "wait", config: { for: { amount: 3, unit: "hours" } }, exits: { next: null } };
  const flowId = await engine.publish({
    schema: 1,
    name: "Test",
    entries: { begin: { kind: "event", config: { event: "go" }, next: "test" } },
    steps: {
      test: {
        kind: "ab-test",
        config: {
          variants: [{ name: "a" }, { name: "b" }],
          winBy: {
            event: "order.placed",
            where: { field: "event.total", operator: "atLeast", value: 10 },
            key: { event: "{{ event.cart }}" },
          },
          decide: { participants: 100 },
        },
        exits: { a: "rest", b: "rest" },
      },
      rest,
    },
    reentry: { mode: "always", key: "{{ event.cart }}", whileRunning: "beside" },
  });
  const order = (cart: string, total: number) => ({ name: "order.placed", payload: { cart, total } });
  await record({ name: "go", payload: { cart: "one" } }, { name: "go", payload: { cart: "two" } });
  await engine.advanceTo(at("10:30"));
  await record(order("three", 50), order("one", 5), order("", 50));
  const winners = () => database.sql`
    select r.key from ab_participant p join run r on r.id = p.run_id where p.flow_id = ${flowId} and won_at is not null order by 1`;
  expect(await winners()).toEqual([]);
  await record(order("two", 10), order("two", 20));
  expect(await winners()).toEqual([{ key: "two" }]);
  await engine.advanceTo(at("13:30"));
  await record(order("one", 99));
  expect(await winners()).toEqual([{ key: "one" }, { key: "two" }]);
  const { counts } = await standing(flowId);
  expect(Object.values(counts).reduce((sum, { won }) => sum + won, 0)).toBe(2);
});

test("a step that is the goal counts once a run", async () => {
  const flowId = await publish(
    { winBy: { step: "thanks" }, decide: { after: { amount: 4, unit: "hours" } } },
    {
      pause: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "thanks" } },
      thanks: { kind: "end", config: {}, exits: {} },
    },
    "pause",
  );
  await record(...people(0, 4));
  await engine.advanceTo(at("11:00"));
  const { counts } = await standing(flowId);
  const all = Object.values(counts);
  expect(all.reduce((sum, { won }) => sum + won, 0)).toBe(4);
  expect(all.every(({ seen, won }) => seen === won)).toBe(true);
});

test("those outside the share wait for the winner and then take it", async () => {
  const flowId = await publish({ winBy: "clicks", decide: { after: { amount: 4, unit: "hours" } }, share: 50 });
  await record(...people(0, 30));
  const waiting = await database.sql`select id from run where flow_id = ${flowId} and status = 'waiting'`;
  expect(waiting.length).toBeGreaterThan(5);
  expect(waiting.length).toBeLessThan(25);
  await engine.advanceTo(at("12:00"));
  const [taker] = await takers(flowId, "b");
  await record(opened(flowId, taker ?? { email: "", message: "" }, "$message-clicked"));
  await engine.advanceTo(at("14:00"));
  expect(await standing(flowId)).toMatchObject({ winner: "b" });
  const after = await database.sql<{ status: string; variant: string }[]>`
    select status, steps->'test'->>'variant' as variant from run where id = any(${waiting.map(({ id }) => id)}::uuid[])`;
  expect(after.every(({ status, variant }) => status === "completed" && variant === "b")).toBe(true);
});
