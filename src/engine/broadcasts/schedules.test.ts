import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../../core/json.ts";
import { flowWith, makeContacts } from "../../testing/broadcast-fixture.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestEngine, type TestEngine } from "../../testing/engine.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`truncate event, event_queue, outbox, run, trail, event_outcome, admission, contact, membership, flow, flow_version, broadcast, schedule, flow_pace, flow_day cascade`;
});

afterAll(() => database.drop());

async function start(options: Partial<Parameters<typeof createTestEngine>[0]> = {}): Promise<TestEngine> {
  const engine = await createTestEngine({ sql: database.sql, ...options });
  engines.push(engine);
  return engine;
}

async function starts() {
  const [row] = await database.sql`
    select count(*)::int as runs, count(distinct contact_id)::int as contacts, (select count(*)::int from event_queue) as queued from run`;
  return row;
}

const weekly = (changes: JsonObject = {}) => ({
  kind: "schedule",
  config: {
    cron: "30 9 * * 1",
    timeZone: "Europe/Rome",
    audience: { where: { field: "contact.tags", operator: "includesAny", value: ["tenth"] } },
    variables: { kind: "digest" },
    ...changes,
  },
});

test("a schedule starts its audience each time it fires, and only once on two engines", async () => {
  const one = await start();
  const two = await start({ beside: one });
  await makeContacts(database.sql, { workspaceId: one.workspaceId, count: 100 });
  await one.publish(flowWith(weekly()));
  for (const at of ["2026-03-02T08:29:59Z", "2026-03-02T08:30:00Z", "2026-03-09T08:30:00Z", "2026-03-30T07:30:00Z"]) {
    await one.advanceTo(new Date(at));
    await two.advanceTo(new Date(at));
  }
  expect([...one.errors, ...two.errors]).toEqual([]);
  // Those of the 16th and the 23rd were missed: too long ago.
  expect(await database.sql`select window_to as at, state, queued from broadcast order by id`).toEqual([
    { at: new Date("2026-03-02T08:30:00Z"), state: "done", queued: 10 },
    { at: new Date("2026-03-09T08:30:00Z"), state: "done", queued: 10 },
    { at: new Date("2026-03-30T07:30:00Z"), state: "done", queued: 10 },
  ]);
  expect(await database.sql`select distinct event from run`).toEqual([{ event: { kind: "digest" } }]);
});

test("after an outage a schedule that is too late is skipped, and on record", async () => {
  const engine = await start();
  await makeContacts(database.sql, { workspaceId: engine.workspaceId, count: 10 });
  await engine.publish(flowWith(weekly()));
  await engine.advanceTo(new Date("2026-03-02T09:30:01Z"));
  expect(await database.sql`select state, reason, queued from broadcast`).toEqual([
    { state: "skipped", reason: "overdue", queued: 0 },
  ]);
  expect(await database.sql`select next_at as at from schedule`).toEqual([{ at: new Date("2026-03-09T08:30:00Z") }]);
});

test("a date starts each contact on its day, at the time of day in its zone", async () => {
  const engine = await start();
  await makeContacts(database.sql, {
    workspaceId: engine.workspaceId,
    count: 3,
    properties: { birthday: "1990-03-02" },
  });
  await database.sql`update contact set time_zone = (array['Asia/Kathmandu', 'Europe/Rome', null])[1 + (select count(*) from contact o where o.id < contact.id)]`;
  await engine.publish(flowWith({ kind: "date", config: { property: "birthday", repeat: "yearly", at: "09:10" } }));
  for (let at = Date.parse("2026-03-01T20:00:00Z"); at <= Date.parse("2026-03-03T20:00:00Z"); at += 5 * 60_000)
    await engine.advanceTo(new Date(at));
  const runs = await database.sql`
    select c.time_zone as zone, r.started_at as at, r.event from run r join contact c on c.id = r.contact_id order by r.started_at`;
  const event = { property: "birthday", date: "1990-03-02", on: "2026-03-02", years: 36 };
  expect(runs).toEqual([
    { zone: "Asia/Kathmandu", at: new Date("2026-03-02T03:25:00Z"), event },
    { zone: "Europe/Rome", at: new Date("2026-03-02T08:10:00Z"), event },
    { zone: null, at: new Date("2026-03-02T09:10:00Z"), event },
  ]);
  // Looks that found nobody leave nothing behind.
  expect(await database.sql`select count(*)::int from broadcast`).toEqual([{ count: 3 }]);
}, 60_000);

test("after an outage of up to a day the contacts of the time between start late; what is older is skipped, and on record", async () => {
  const engine = await start();
  await makeContacts(database.sql, {
    workspaceId: engine.workspaceId,
    count: 2,
    properties: { renewal: "2026-03-02" },
  });
  await database.sql`update contact set properties = '{"renewal": "2026-03-05"}' where id = (select max(id::text)::uuid from contact)`;
  await engine.publish(flowWith({ kind: "date", config: { property: "renewal", at: "09:00" } }));
  await engine.advanceTo(new Date("2026-03-03T08:00:00Z"));
  expect(await starts()).toMatchObject({ runs: 1 });
  await engine.advanceTo(new Date("2026-03-08T08:00:00Z"));
  expect(await starts()).toMatchObject({ runs: 1 });
  expect(
    await database.sql`select window_from as from, window_to as to, reason from broadcast where state = 'skipped' order by id`,
  ).toMatchObject([
    { from: new Date("2026-03-01T10:00:00Z"), to: new Date("2026-03-02T08:00:00Z"), reason: "overdue" },
    { from: new Date("2026-03-03T08:00:00Z"), to: new Date("2026-03-07T08:00:00Z"), reason: "overdue" },
  ]);
});
