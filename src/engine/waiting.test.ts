import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";

let database: TestDatabase;
let engine: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  engine = await createTestEngine({ sql: database.sql });
});

afterAll(async () => {
  await engine.stop();
  await database.drop();
});

type FlowParts = { event: string; steps: JsonObject; key?: string };

function publish({ event, steps, key }: FlowParts): Promise<string> {
  const [next = ""] = Object.keys(steps);
  return engine.publish({
    schema: 1,
    name: event,
    entries: { begin: { kind: "event", config: { event }, next } },
    steps,
    reentry: { mode: "always", ...(key === undefined ? {} : { key }) },
  });
}

async function runsOf(flowId: string) {
  return database.sql`
    select key, status, step, steps from run where flow_id = ${flowId} order by started_at, key`;
}

test("several carts of a contact are waited for at once, each by its own key", async () => {
  const key = { event: "{{ event.cartId }}" };
  const flowId = await publish({
    event: "cart.updated",
    key: "{{ event.cartId }}",
    steps: {
      watch: {
        kind: "wait-for",
        config: {
          for: [{ exit: "ordered", event: "order.placed", key }],
          timeout: { after: { amount: 1, unit: "hours" } },
          restartOn: [{ event: "cart.updated", key }],
        },
        exits: { ordered: null, timeout: "remind" },
      },
      remind: {
        kind: "send-email",
        config: { subject: "Your cart {{ run.key }}", html: "<p>It waits for you.</p>", purpose: "transactional" },
        exits: { next: null },
      },
    },
  });
  const cart = async (time: string, name: string, cartId: string) => {
    await engine.advanceTo(new Date(`2026-03-02T${time}:00Z`));
    await engine.record({ name, payload: { cartId } });
    await engine.settle();
  };
  await cart("10:00", "cart.updated", "a");
  await cart("10:10", "cart.updated", "b");
  await cart("10:20", "cart.updated", "c");
  await cart("10:30", "order.placed", "b");
  await cart("10:50", "cart.updated", "a");
  await engine.advanceTo(new Date("2026-03-02T11:20:00Z"));
  const waiting = { status: "waiting", step: "watch", steps: {} };
  const ordered = { by: "ordered", event: "order.placed", payload: { cartId: "b" }, at: "2026-03-02T10:30:00.000Z" };
  const timeout = { by: "timeout", event: null, payload: null };
  expect(await runsOf(flowId)).toMatchObject([
    { key: "a", ...waiting },
    { key: "b", status: "completed", steps: { watch: ordered } },
    { key: "c", status: "completed", steps: { watch: { ...timeout, at: "2026-03-02T11:20:00.000Z" } } },
  ]);
  await engine.advanceTo(new Date("2026-03-02T11:50:00Z"));
  expect((await runsOf(flowId))[0]).toMatchObject({ steps: { watch: { ...timeout, at: "2026-03-02T11:50:00.000Z" } } });
  const mails = await database.sql`select subject from sandbox_message order by subject`;
  expect(mails.map(({ subject }) => subject)).toEqual(["Your cart a", "Your cart c"]);
  expect(engine.errors).toEqual([]);
});

test("a run goes on within the hours, and not before", async () => {
  // Friday evening.
  await engine.advanceTo(new Date("2026-03-06T20:00:00Z"));
  const flowId = await publish({
    event: "lead.came",
    steps: { hold: { kind: "wait", config: { within: "working-hours" }, exits: { next: null } } },
  });
  await engine.record({ name: "lead.came" });
  await engine.settle();
  await engine.advanceTo(new Date("2026-03-09T08:59:59Z"));
  expect(await runsOf(flowId)).toMatchObject([{ status: "waiting" }]);
  await engine.advanceTo(new Date("2026-03-09T09:00:00Z"));
  expect(await runsOf(flowId)).toMatchObject([{ status: "completed" }]);
});

test("a split sends a contact the same way each time, and contacts in all ways", async () => {
  const exits = [
    { name: "one", weight: 1 },
    { name: "two", weight: 1 },
  ];
  const flowId = await publish({
    event: "split.me",
    steps: { deal: { kind: "split", config: { exits }, exits: { one: null, two: null } } },
  });
  const contacts = Array.from({ length: 40 }, (_, n) => ({
    name: "split.me",
    identity: { email: `split${n}@example.com` },
  }));
  await engine.record(...contacts);
  await engine.settle();
  await engine.record(...contacts);
  await engine.settle();
  const ways = await database.sql<{ ways: number; exit: string }[]>`
    select count(distinct t.exit)::int as ways, min(t.exit) as exit
      from run r join lateral (
        select part->>'exit' as exit from trail, json_array_elements(trail.entries) as part where trail.run_id = r.id
      ) t on true
     where r.flow_id = ${flowId} group by r.contact_id`;
  expect(ways).toHaveLength(40);
  expect(ways.every((row) => row.ways === 1)).toBe(true);
  expect(new Set(ways.map(({ exit }) => exit))).toEqual(new Set(["one", "two"]));
});
