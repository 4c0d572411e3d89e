import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json, JsonObject } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { requireEventByName } from "./event-catalog.ts";
import { changeEventDefinition, createEventDefinition, getEventDefinition } from "./event-definitions.ts";
import { getEvent } from "./events.ts";
import { pauseFlow } from "./flow-state.ts";
import { createFlow } from "./flows.ts";
import { publishFlow } from "./publish-flow.ts";
import { type NamedEventInput, recordNamedEvent } from "./record-named-event.ts";
import { listRuns } from "./runs.ts";

let database: TestDatabase;
let platform: TestPlatform;
let engine: TestEngine;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
  engine = await createTestEngine({ sql: database.sql, workspaceId: platform.workspaceId });
  engine.clock.now = platform.now();
});
afterAll(async () => {
  await engine.stop();
  await database.drop();
});

async function publish(name: string, config: JsonObject, more: JsonObject = {}) {
  const definition: Json = {
    schema: 1,
    name,
    entries: { begin: { kind: "event", config, next: "pause" } },
    steps: { pause: { kind: "wait", config: { for: { amount: 30, unit: "days" } }, exits: { next: null } } },
    ...more,
  };
  const { id } = await createFlow(platform, platform.caller, { definition });
  const { number } = await publishFlow(platform, platform.caller, { id });
  await engine.flows.refresh(database.sql);
  return { id, number, name };
}

async function call(name: string, more: Partial<NamedEventInput> = {}) {
  const event = await requireEventByName(platform, platform.caller, name);
  const defaults = {
    contact: { email: "ada@named.example" },
    payload: {},
    flow: null,
    source: "sendpulse",
    client: null,
  };
  return recordNamedEvent(platform, { event, ...defaults, checkedBytes: 100, ...more });
}

const outcomesOf = async (id: string) => (await getEvent(platform, platform.caller, { id })).outcomes;

test("says what it will do to flows, and the pass then does that", async () => {
  const where = { field: "event.total", operator: "atLeast", value: 90 };
  const always = await publish("Always", { event: "ordered" }, { reentry: { mode: "always", whileRunning: "beside" } });
  const never = await publish("Never twice", { event: "ordered" });
  const big = await publish("Big orders", { event: "ordered", where });
  const paused = await publish("Paused", { event: "ordered" });
  await pauseFlow(platform, platform.caller, { id: paused.id });
  await platform.flows.refresh(database.sql);
  const named = ({ number, name }: { number: number; name: string }) => ({ number, name });

  const first = await call("ordered", { payload: { total: 5 }, contact: { email: "new@named.example" } });
  expect(first).toMatchObject({ listened: true, replayed: false, issues: [] });
  const refused = [
    { ...named(big), reason: "condition_not_met" },
    { ...named(paused), reason: "flow_paused" },
  ];
  expect(first.flows).toEqual({ starts: [always, never].map(named), open: [], refused });
  const again = await call("ordered", { payload: { total: 5 }, contact: { email: "new@named.example" } });
  expect(again.flows).toEqual({ starts: [named(always)], open: [named(never)], refused });

  await engine.flows.refresh(database.sql);
  await engine.advanceTo(engine.clock.now);
  const outcomes = (await outcomesOf(first.eventId)).map(({ flowId, outcome, reason }) => [flowId, reason ?? outcome]);
  expect(Object.fromEntries(outcomes)).toEqual({
    [always.id]: "started",
    [never.id]: "started",
    [big.id]: "condition_not_met",
    [paused.id]: "flow_paused",
  });
  const second = (await outcomesOf(again.eventId)).find(({ flowId }) => flowId === never.id);
  expect(second).toMatchObject({ outcome: "not_started", reason: "entered_before" });
});

test("a number picks one flow, and one that does not listen says so", async () => {
  const [one, two] = [await publish("One", { event: "picked" }), await publish("Two", { event: "picked" })];
  const deaf = await publish("Deaf", { event: "something else" });
  const { flows, eventId } = await call("picked", { flow: two.number, contact: { email: "picky@named.example" } });
  expect(flows.starts).toEqual([{ number: two.number, name: "Two" }]);
  expect(flows.refused).toEqual([{ number: one.number, name: "One", reason: "meant_for_another_flow" }]);
  await engine.advanceTo(engine.clock.now);
  expect((await outcomesOf(eventId)).filter(({ outcome }) => outcome === "started")).toMatchObject([
    { flowId: two.id },
  ]);
  const other = await call("picked", { flow: deaf.number });
  expect(other.flows.refused).toContainEqual({ number: deaf.number, name: "Deaf", reason: "does_not_listen" });
  await expect(call("picked", { flow: 999_999 })).rejects.toMatchObject({
    code: "flow_not_found",
    message: "There is no published flow with the number 999999.",
  });
});

test("an event stops a flow", async () => {
  const flow = await publish("Until paid", { event: "cart.left" }, { exitWhen: [{ event: "cart.paid" }] });
  const contact = { phone: "+390612345678" };
  const { contactId } = await call("cart.left", { contact });
  await engine.advanceTo(engine.clock.now);
  const paid = await call("cart.paid", { contact });
  expect(paid).toMatchObject({ contactId, listened: true, flows: { starts: [], open: [], refused: [] } });
  await engine.advanceTo(engine.clock.now);
  const runs = await listRuns(platform, platform.caller, { flowId: flow.id });
  expect(runs.data).toMatchObject([{ contactId, status: "exited", reason: "exit_rule_0" }]);
  expect(await outcomesOf(paid.eventId)).toMatchObject([{ outcome: "exited", flowId: flow.id }]);
});

test("an event that only flows know is declared by its first call", async () => {
  await publish("Learning", { event: "learned" });
  await call("learned", { payload: { email: "ada@named.example", price: 5, day: "2021-05-28" } });
  await call("learned", { payload: { price: "many", more: 1 } });
  expect(await getEventDefinition(platform, platform.caller, { name: "learned" })).toMatchObject({
    learns: false,
    variables: [
      { name: "price", type: "number" },
      { name: "day", type: "date" },
    ],
  });
});

test("a call without variables declares nothing, and the next one may", async () => {
  await publish("Patient", { event: "patient" });
  const definition = () => getEventDefinition(platform, platform.caller, { name: "patient" });
  for (const payload of [{}, { email: "ada@named.example" }]) {
    await call("patient", { payload });
    expect(await definition()).toMatchObject({ learns: true, variables: [] });
  }
  await call("patient", { payload: { price: 5 } });
  expect(await definition()).toMatchObject({ learns: false, variables: [{ name: "price", type: "number" }] });
});

test("of many first calls at the same time one declares the event", async () => {
  await createEventDefinition(platform, platform.caller, { name: "raced" });
  const payloads = Array.from({ length: 20 }, (_, index) => ({ [`v${index}`]: index }));
  const receipts = await Promise.all(payloads.map((payload) => call("raced", { payload })));
  expect(new Set(receipts.map(({ eventId }) => eventId)).size).toBe(20);
  expect((await getEventDefinition(platform, platform.caller, { name: "raced" })).variables).toHaveLength(1);
});

test("variables get their declared types, and what cannot be is kept and named", async () => {
  await createEventDefinition(platform, platform.caller, {
    name: "typed",
    variables: [
      { name: "price", type: "number" },
      { name: "day", type: "date" },
    ],
  });
  const { eventId, issues } = await call("typed", { payload: { price: "12.5", day: "tomorrow", free: [1] } });
  expect(issues).toEqual([{ path: "day", message: "is declared as a date such as 2026-03-01" }]);
  expect((await getEvent(platform, platform.caller, { id: eventId })).payload).toEqual({
    price: 12.5,
    day: "tomorrow",
    free: [1],
  });
});

test("an identity that cannot be is passed over beside a good one, and refused alone with nothing stored", async () => {
  await createEventDefinition(platform, platform.caller, { name: "identified", variables: [] });
  const good = await call("identified", { contact: { email: "test1@test1.com", phone: "+123456789" } });
  expect(good.issues).toMatchObject([{ path: "phone" }]);
  const count = async () => (await database.sql`select 1 from event where name = 'identified'`).length;
  expect(await count()).toBe(1);
  await expect(call("identified", { contact: { email: "nobody", phone: "+1" } })).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "email" }, { path: "phone" }],
  });
  const payload = { text: "x".repeat(256_000) };
  await expect(call("identified", { payload, checkedBytes: 256_100 })).rejects.toMatchObject({
    code: "invalid_request",
  });
  expect(await count()).toBe(1);
});

test("a repeat with the same key is one event", async () => {
  await createEventDefinition(platform, platform.caller, { name: "repeated", variables: [] });
  const idempotency = { key: "k1", hash: "00" };
  const first = await call("repeated", { idempotency });
  expect(await call("repeated", { idempotency })).toMatchObject({ eventId: first.eventId, replayed: true });
  await expect(call("repeated", { idempotency: { key: "k1", hash: "01" } })).rejects.toMatchObject({
    code: "idempotency_key_reused",
  });
});

test("a renamed event is heard under its new name", async () => {
  await createEventDefinition(platform, platform.caller, { name: "before", variables: [] });
  await changeEventDefinition(platform, platform.caller, { name: "before", newName: "after" });
  await expect(call("before")).rejects.toMatchObject({ code: "event_definition_not_found" });
  expect(await call("after")).toMatchObject({ listened: false });
});
