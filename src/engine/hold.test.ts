import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Overdue } from "../core/flow/overdue.ts";
import type { JsonObject } from "../core/json.ts";
import { pauseFlow, resumeFlow } from "../operations/flow-state.ts";
import { expectCountsToAgree } from "../testing/counts-agreement.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { deferred, fakeHttp } from "../testing/fake-http.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";

let database: TestDatabase;
let engine: TestEngine;
let platform: TestPlatform;
let http: ReturnType<typeof fakeHttp>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  http = fakeHttp();
  engine = await createTestEngine({ sql: database.sql, http: http.performer });
  platform = await createTestPlatform(database.sql, engine);
});
afterEach(() => engine.stop());

const hour = { amount: 1, unit: "hours" };
const waiting: JsonObject = {
  pause: { kind: "wait", config: { for: hour }, exits: { next: "mail" } },
  mail: { kind: "send-email", config: { subject: "Hi", html: "<p>Hi</p>" }, exits: { next: null } },
};
const beside = { reentry: { mode: "always", whileRunning: "beside" } };

async function at(time: string): Promise<void> {
  const now = new Date(`2026-03-01T${time}Z`);
  platform.setNow(now);
  await engine.advanceTo(now);
}

async function runsOf(flowId: string) {
  return database.sql`
    select status, step, reason, wake_at as "wakeAt", parked_wake_at as "parkedAt" from run where flow_id = ${flowId} order by id`;
}

async function enter(email: string): Promise<void> {
  await engine.record({ name: "go", identity: { email } });
  await engine.settle();
}

const pause = (id: string) => pauseFlow(platform, platform.caller, { id, mode: "hold" });
const resume = (id: string, overdue?: Overdue) => resumeFlow(platform, platform.caller, { id, overdue });

test("a held flow moves nobody, parks what falls due once, and a resume lets it go on", async () => {
  const flowId = await engine.publish(definitionOf(waiting, beside));
  await enter("ada@example.com");
  expect(await pause(flowId)).toMatchObject({ status: "paused", pauseMode: "hold" });
  await at("12:00:00");
  expect([...(await runsOf(flowId))]).toEqual([
    { status: "waiting", step: "pause", reason: null, wakeAt: null, parkedAt: new Date("2026-03-01T11:00:00Z") },
  ]);
  await enter("bea@example.com");
  expect(await runsOf(flowId)).toHaveLength(1);
  expect(await resume(flowId)).toMatchObject({ status: "active", pauseMode: null, isReleasing: true });
  await at("12:00:01");
  expect([...(await runsOf(flowId))]).toMatchObject([{ status: "completed" }]);
  const [flow] = await database.sql`select is_held, held_before from flow where id = ${flowId}`;
  expect(flow).toEqual({ is_held: false, held_before: null });
  const jobs = await database.sql`select status, kind from job where flow_id = ${flowId}`;
  expect([...jobs]).toEqual([{ status: "done", kind: "release" }]);
  expect(engine.errors).toEqual([]);
});

test("drain lets live runs go on, and a hold can be changed into it", async () => {
  const flowId = await engine.publish(definitionOf(waiting, beside));
  await enter("ada@example.com");
  await pause(flowId);
  await at("12:00:00");
  expect(await pauseFlow(platform, platform.caller, { id: flowId, mode: "drain" })).toMatchObject({
    pauseMode: "drain",
  });
  await at("12:00:01");
  expect([...(await runsOf(flowId))]).toMatchObject([{ status: "completed" }]);
  expect(await pauseFlow(platform, platform.caller, { id: flowId })).toMatchObject({ status: "paused" });
});

async function overdue(policy: Overdue) {
  const flowId = await engine.publish(definitionOf(waiting, beside));
  for (const email of ["ada@example.com", "bea@example.com", "ada@example.com"]) await enter(email);
  await pause(flowId);
  await at("10:30:00");
  await at("12:00:00");
  await resume(flowId, policy);
  await at("12:00:01");
  return flowId;
}

test("drop ends what fell due, and says why", async () => {
  const flowId = await overdue({ policy: "drop" });
  const ended = { status: "cancelled", reason: "overdue_dropped", step: "pause", wakeAt: null, parkedAt: null };
  expect([...(await runsOf(flowId))]).toEqual([ended, ended, ended]);
  await expectCountsToAgree(platform, flowId);
});

test("newest lets only the newest run of each contact go on", async () => {
  const flowId = await overdue({ policy: "newest" });
  expect((await runsOf(flowId)).map(({ status, reason }) => [status, reason])).toEqual([
    ["cancelled", "overdue_replaced"],
    ["completed", null],
    ["completed", null],
  ]);
  await expectCountsToAgree(platform, flowId);
});

test("spread lets them go on one after the other, within the time", async () => {
  const flowId = await engine.publish(definitionOf(waiting, beside));
  for (let index = 0; index < 20; index += 1) await enter("ada@example.com");
  await pause(flowId);
  await at("12:00:00");
  await resume(flowId, { policy: "spread", over: { amount: 100, unit: "minutes" } });
  await engine.settle();
  await engine.advanceTo(platform.now());
  const left = async () => (await runsOf(flowId)).filter(({ status }) => status === "waiting").length;
  const seen = [await left()];
  for (const time of ["12:50:00", "13:40:01"]) {
    await at(time);
    seen.push(await left());
  }
  expect(seen[0]).toBeGreaterThanOrEqual(19);
  expect(Math.abs((seen[1] ?? 0) - 10)).toBeLessThanOrEqual(1);
  expect(seen[2]).toBe(0);
});

test("a wait that ends after the resume keeps its end, whatever the policy", async () => {
  const flowId = await engine.publish(definitionOf(waiting, beside));
  await enter("ada@example.com");
  await pause(flowId);
  await at("10:30:00");
  await resume(flowId, { policy: "drop" });
  await at("10:59:00");
  expect([...(await runsOf(flowId))]).toMatchObject([{ status: "waiting", wakeAt: new Date("2026-03-01T11:00:00Z") }]);
  await at("11:00:00");
  expect([...(await runsOf(flowId))]).toMatchObject([{ status: "completed" }]);
});

const calling: JsonObject = {
  call: {
    kind: "http-action",
    config: { method: "POST", url: "http://127.0.0.1:9/" },
    exits: { success: "pause", error: null },
  },
  pause: { kind: "wait", config: { for: hour }, exits: { next: null } },
};

test("effects of a held flow are not begun, and the answer of one in hand waits", async () => {
  await engine.stop();
  const gate = deferred();
  http = fakeHttp({ concurrency: 1, wait: () => gate.promise });
  engine = await createTestEngine({ sql: database.sql, beside: engine, http: http.performer });
  const flowId = await engine.publish(definitionOf(calling, beside));
  // Both of one contact: one pass asks for both calls, and the second one waits for the first.
  await engine.record({ name: "go" }, { name: "go" });
  await http.begun(1);
  await pause(flowId);
  // As the server does: every engine hears of it.
  await engine.flows.refresh(database.sql);
  gate.resolve();
  await at("10:00:01");
  expect(http.keys).toHaveLength(1);
  const outbox =
    await database.sql`select held, leased_by, answered from outbox where flow_id = ${flowId} order by answered`;
  expect([...outbox]).toEqual([
    { held: true, leased_by: null, answered: false },
    { held: true, leased_by: null, answered: true },
  ]);
  expect(await runsOf(flowId)).toMatchObject([{ status: "asking" }, { status: "asking" }]);
  await resume(flowId);
  await at("10:00:02");
  expect(http.keys).toHaveLength(2);
  expect(await runsOf(flowId)).toMatchObject([
    { status: "waiting", step: "pause" },
    { status: "waiting", step: "pause" },
  ]);
});

test("an event that a held run waits for is heard, and nothing follows until the resume", async () => {
  const flowId = await engine.publish(
    definitionOf(
      {
        await: {
          kind: "wait-for",
          config: { for: [{ event: "paid", exit: "paid" }], timeout: { after: hour } },
          exits: { paid: "call", timeout: null },
        },
        ...calling,
      },
      beside,
    ),
  );
  await enter("ada@example.com");
  await pause(flowId);
  await engine.record({ name: "paid" });
  await engine.settle();
  expect(http.keys).toEqual([]);
  expect([...(await runsOf(flowId))]).toMatchObject([{ status: "active", step: "call" }]);
  await resume(flowId);
  await at("10:00:01");
  expect(http.keys).toHaveLength(1);
  await expectCountsToAgree(platform, flowId);
});
