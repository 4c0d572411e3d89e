import { afterAll, beforeAll, expect, test } from "vitest";
import { admissionKey } from "../core/flow/route.ts";
import type { JsonObject } from "../core/json.ts";
import { saveAdmissions } from "../storage/admissions.ts";
import { connect } from "../storage/database.ts";
import { loadOutcomes } from "../storage/event-reads.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine } from "../testing/engine.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createKnownAdmissions } from "./known-admissions.ts";
import { newId } from "./new-id.ts";
import { entriesToLearn } from "./outcomes-at-once.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const at = new Date("2026-03-01T10:00:00Z");
const keyOf = () => ({ lane: 1, contactId: newId(), flowId: newId() });

test("knows what it was asked for when as many more were asked for, where there is something to know", async () => {
  const known = createKnownAdmissions({ sql: database.sql, lookAt: 2 });
  const [one, two, keyed, late, ...others] = [keyOf(), keyOf(), keyOf(), keyOf(), keyOf(), keyOf()] as const;
  const entered = { runId: newId(), at };
  await saveAdmissions(database.sql, [
    { ...one, ...entered, key: null },
    { ...one, flowId: newId(), ...entered, key: null },
    { ...keyed, ...entered, key: "o-1" },
  ]);
  known.askFor([one, two, keyed]);
  await known.idle();
  expect(known.of(one.contactId).size).toBe(0);
  await saveAdmissions(database.sql, [{ ...two, ...entered, key: null }]);
  known.askFor([late, ...others]);
  await known.idle();
  const record = { lastAt: at, runId: entered.runId };
  for (const { contactId, flowId } of [one, two])
    expect([...known.of(contactId)]).toEqual([[admissionKey(flowId, null), record]]);
  for (const { contactId } of [keyed, late]) expect(known.of(contactId).size).toBe(0);
});

test("keeps two flows of a contact that were looked up apart, and of contacts no more than twice as many as it may", async () => {
  const known = createKnownAdmissions({ sql: database.sql, lookAt: 1, maxContacts: 2 });
  const first = keyOf();
  const keys = [first, { ...first, flowId: newId() }, ...Array.from({ length: 8 }, keyOf)];
  await saveAdmissions(
    database.sql,
    keys.map((key) => ({ ...key, key: null, runId: newId(), at })),
  );
  const sizes: number[] = [];
  for (const key of [...keys, keyOf()]) {
    known.askFor([key]);
    await known.idle();
    sizes.push(known.of(first.contactId).size);
  }
  expect(Math.max(...sizes)).toBe(2);
  expect(keys.filter(({ contactId }) => known.of(contactId).size > 0).length).toBeLessThanOrEqual(5);
});

test("a look that fails leaves everything unknown", async () => {
  const away = connect(database.url, { max: 1, applicationName: "test" });
  await away.end();
  const known = createKnownAdmissions({ sql: away, lookAt: 1 });
  const [one, two] = [keyOf(), keyOf()];
  await saveAdmissions(database.sql, [{ ...one, key: null, runId: newId(), at }]);
  known.askFor([one]);
  known.askFor([two]);
  await known.idle();
  expect(known.of(one.contactId).size).toBe(0);
});

test("is asked no more than it can remember while a look is under way", async () => {
  const known = createKnownAdmissions({ sql: database.sql, lookAt: 1 });
  const keys = Array.from({ length: 60 }, keyOf);
  await saveAdmissions(
    database.sql,
    keys.map((key) => ({ ...key, key: null, runId: newId(), at })),
  );
  await database.sql.begin(async (sql) => {
    await sql`lock table admission`;
    for (const key of keys) known.askFor([key]);
  });
  await known.idle();
  for (const key of [keyOf(), keyOf()]) {
    known.askFor([key]);
    await known.idle();
  }
  expect(keys.filter(({ contactId }) => known.of(contactId).size > 0).length).toBeLessThanOrEqual(20);
});

test("is asked for what would settle further events, and for nothing else", async () => {
  const engine = await createTestEngine({ sql: database.sql });
  const { workspaceId, flows } = engine;
  const publish = (event: string, reentry: JsonObject, where?: JsonObject) => {
    const entries = { begin: { kind: "event", config: { event, ...(where && { where }) }, next: "done" } };
    return engine.publish(definitionOf({ done: { kind: "end", config: {} } }, { entries, reentry }));
  };
  const never = { mode: "never" };
  const once = await publish("once", never, { field: "event.total", operator: "atLeast", value: 5 });
  await publish("of whom", never, { field: "contact.tags", operator: "includes", value: "vip" });
  await publish("keyed", { ...never, key: "{{ event.total }}" });
  await publish("both", never);
  await publish("both", { mode: "always" });
  await flows.refresh(database.sql);
  const contact = { id: newId(), lane: 3 };
  const learnt = (name: string, total: number, entered = new Map()) => {
    const about = { occurredAt: null, source: "test", client: null, target: null, identity: { externalId: "x" } };
    const event = { name, payload: { total }, ...about };
    return entriesToLearn(flows, { workspaceId, event, id: newId(), contact, entered }, at);
  };
  expect(learnt("once", 7)).toEqual([{ lane: 3, contactId: contact.id, flowId: once }]);
  expect(learnt("once", 7, new Map([[admissionKey(once, null), { lastAt: at, runId: newId() }]]))).toEqual([]);
  expect([learnt("once", 1), ...["of whom", "keyed", "both", "unheard"].map((name) => learnt(name, 7))].flat()).toEqual(
    [],
  );
  await engine.stop();
});

test("events of contacts that are known to have entered a flow are settled as they come, as the flows would settle them", async () => {
  const engine = await createTestEngine({ sql: database.sql });
  const { workspaceId, recorder } = engine;
  const steps = { rest: { kind: "wait", config: { for: { amount: 1, unit: "days" } }, exits: { next: null } } };
  const publish = (changes: JsonObject) => engine.publish(definitionOf(steps, changes));
  const once = await publish({ reentry: { mode: "never" } });
  const record = async (prefix: string) => {
    const events = Array.from({ length: 300 }, (_, index) => ({
      ...{ name: "go", payload: { index }, occurredAt: null, source: "test", client: null, target: null },
      identity: { externalId: `${prefix}-${index}` },
    }));
    const receipt = await recorder.add({ workspaceId, events });
    await recorder.idle();
    return receipt;
  };
  const outcomesOf = async ({ events }: Awaited<ReturnType<typeof record>>) => {
    const [{ eventId = "", contactId = "" } = {}] = events;
    const rows = await loadOutcomes(database.sql, { contactId, eventIds: [eventId] });
    return rows.map(({ eventId: _, ...outcome }) => outcome);
  };
  await record("a");
  await engine.settle();
  const again = await record("a");
  await engine.settle();
  const met = await outcomesOf(again);
  expect(met).toMatchObject([{ flowId: once, outcome: "not_started", reason: "entered_before" }]);
  await record("b");
  const third = await record("a");
  expect(third.settled.every((outcomes) => outcomes?.[0]?.reason === "entered_before")).toBe(true);
  expect(await outcomesOf(third)).toEqual(met);

  // A flow that lets in again and again has the last word.
  await publish({ reentry: { mode: "always", whileRunning: "beside" } });
  await engine.flows.refresh(database.sql);
  const both = await record("a");
  expect(both.settled.every((outcomes) => outcomes === null)).toBe(true);
  await engine.settle();
  expect((await outcomesOf(both)).map(({ outcome }) => outcome).sort()).toEqual(["not_started", "started"]);
  expect(engine.errors).toEqual([]);
  await engine.stop();
});
