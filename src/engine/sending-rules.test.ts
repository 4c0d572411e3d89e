import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import type { Delivery } from "../core/message/delivery.ts";
import type { EmailTransport } from "../core/message/transport.ts";
import { type WorkspaceSettings, workspaceSettingsSchema } from "../core/workspace-settings.ts";
import { updateWorkspace } from "../storage/workspaces.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { definitionOf } from "../testing/flow-fixture.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`
    truncate event_queue, outbox, run, trail, event_outcome, admission, worker, message, message_event, flow, flow_version, counter,
             rate_bucket, conversion, contact, contact_identity cascade`;
});

afterAll(() => database.drop());

const sentDelivery: Delivery = {
  ...{ outcome: "sent", class: "none", reason: "Accepted.", durationMs: 1, maybeAccepted: false },
  ...{ reply: { code: 250, text: "OK" }, transcript: [] },
};
const greylisted: Delivery = { ...sentDelivery, outcome: "deferred", class: "greylisted", reason: "Later." };

/** A way out that keeps to whom and in which order mails went. */
function transport(deliver: (to: string) => Delivery = () => sentDelivery): EmailTransport & { sent: string[] } {
  const sent: string[] = [];
  return {
    sent,
    async deliver({ envelope }) {
      const delivery = deliver(envelope.to[0] ?? "");
      if (delivery.outcome === "sent") sent.push(envelope.to[0] ?? "");
      return delivery;
    },
    verify: async () => ({ ok: true }),
    close: async () => undefined,
  };
}

async function start(
  settings: object,
  options: Partial<Parameters<typeof createTestEngine>[0]> = {},
): Promise<TestEngine> {
  const engine = await createTestEngine({ sql: database.sql, ...options });
  engines.push(engine);
  if (!options.beside) await set(engine, settings);
  return engine;
}

async function set({ workspaceId }: TestEngine, settings: object): Promise<void> {
  const parsed: WorkspaceSettings = workspaceSettingsSchema.parse(settings);
  await updateWorkspace(database.sql, { id: workspaceId, name: "Test", timeZone: "UTC", settings: parsed });
}

function mailFlow(config: JsonObject = {}, changes: JsonObject = {}): JsonObject {
  const mail = { subject: "Hi", html: "<p>Hi</p>", ...config };
  return definitionOf({ mail: { kind: "send-email", config: mail, exits: { next: null } } }, changes);
}

const to = (email: string, name = "go") => ({ name, identity: { email } });
const many = (count: number) => Array.from({ length: count }, (_, index) => to(`c${index}@example.com`));

async function messages() {
  return [...(await database.sql`select status, reason, attempts, topic from message order by id`)];
}

async function lifeOf() {
  return (
    await database.sql`select type, detail->>'reason' as reason, detail->>'until' as until from message_event order by id`
  ).map(({ type, reason, until }) => [type, reason, until].filter((part) => part !== null).join(" "));
}

async function counts(): Promise<Record<string, number>> {
  const rows =
    await database.sql`select name, sum(value)::int as value from counter where name not like '$message%' group by name order by name`;
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

const at = (time: string) => new Date(`2026-03-01T${time}:00Z`);
const quietNow = { quietHours: { from: "09:00", to: "12:00" } };

test("in quiet hours a marketing mail is put off until they end in the zone of the contact, and then goes", async () => {
  const way = transport();
  const engine = await start(quietNow, { transport: way });
  await engine.publish(mailFlow());
  await engine.record(to("rome@example.com", "other"));
  await database.sql`update contact set time_zone = 'Europe/Rome' where email = 'rome@example.com'`;
  await engine.record(to("rome@example.com"), to("utc@example.com"));
  await engine.settle();
  expect(await messages()).toEqual([
    { status: "deferred", reason: "quiet_hours", attempts: 0, topic: null },
    { status: "deferred", reason: "quiet_hours", attempts: 0, topic: null },
  ]);
  expect((await lifeOf()).sort()).toEqual([
    "deferred quiet_hours 2026-03-01T11:00:00.000Z",
    "deferred quiet_hours 2026-03-01T12:00:00.000Z",
  ]);
  await engine.advanceTo(at("10:59"));
  expect(way.sent).toEqual([]);
  await engine.advanceTo(at("11:00"));
  expect(way.sent).toEqual(["rome@example.com"]);
  await engine.advanceTo(at("12:00"));
  expect(way.sent).toEqual(["rome@example.com", "utc@example.com"]);
  expect(await messages()).toMatchObject([{ status: "sent", attempts: 1 }, { status: "sent" }]);
  expect(engine.errors).toEqual([]);
});

test("quiet hours that drop end the message, and the run goes on; trail and counts say so", async () => {
  const engine = await start({ quietHours: { ...quietNow.quietHours, action: "drop" } });
  await engine.publish(mailFlow());
  await engine.record({ name: "go" });
  await engine.settle();
  expect(await messages()).toEqual([{ status: "dropped", reason: "quiet_hours", attempts: 0, topic: null }]);
  expect(await database.sql`select status from run`).toEqual([{ status: "completed" }]);
  const entries = (await database.sql`select entries from trail order by at, seq`).flatMap((row) => row["entries"]);
  expect(entries).toMatchObject([
    { step: "mail", outcome: "went", exit: "next" },
    { step: "mail", outcome: "dropped", reason: "quiet_hours" },
  ]);
  expect(await counts()).toMatchObject({ "$dropped:mail:quiet_hours": 1, "mail:next": 1 });
  expect(await database.sql`select from outbox`).toHaveLength(0);
});

test.each<[string, JsonObject, JsonObject, string]>([
  ["a transactional mail", { purpose: "transactional" }, {}, "sent"],
  ["a mail of a flow that switches them off", {}, { sending: { quietHours: null } }, "sent"],
  ["a mail of a flow with hours of its own", {}, { sending: { quietHours: { from: "20:00", to: "21:00" } } }, "sent"],
  ["a mail of a flow without a word about them", {}, {}, "deferred"],
])("in quiet hours, %s", async (...[, config, changes, status]) => {
  const engine = await start(quietNow);
  await engine.publish(mailFlow(config, changes));
  await engine.record({ name: "go" });
  await engine.settle();
  expect(await messages()).toMatchObject([{ status }]);
});

test("settings that are changed hold for what comes next, also in another process", async () => {
  const engine = await start({});
  const second = await start({}, { beside: engine });
  await engine.publish(mailFlow());
  await set(engine, quietNow);
  await second.record({ name: "go" });
  await second.settle();
  await engine.settle();
  expect(await messages()).toMatchObject([{ status: "deferred" }]);
});

test("a cap over all flows lets so many through, drops the rest, and leaves transactional mails alone", async () => {
  const engine = await start({ frequencyCaps: [{ count: 2, hours: 24, channel: "email" }] });
  await engine.publish(mailFlow({ topic: "news" }));
  await engine.publish(mailFlow({ topic: "offers" }));
  await engine.publish(mailFlow({}));
  await engine.publish(mailFlow({ purpose: "transactional" }));
  await engine.record({ name: "go" });
  await engine.settle();
  const all = await messages();
  expect(all.map(({ status }) => status).sort()).toEqual(["dropped", "sent", "sent", "sent"]);
  expect(all.find(({ status }) => status === "dropped")).toMatchObject({ reason: "frequency_cap" });
  await engine.advanceTo(new Date("2026-03-02T10:00:01Z"));
  await engine.record({ name: "go" });
  await engine.settle();
  expect((await messages()).map(({ status }) => status).sort()).toEqual([
    ...["dropped", "dropped", "sent", "sent", "sent", "sent", "sent", "sent"],
  ]);
});

test("a cap on a topic counts that topic, and may hold instead of drop", async () => {
  const engine = await start({ frequencyCaps: [{ count: 1, hours: 2, topic: "news", action: "hold" }] });
  await engine.publish(mailFlow({ topic: "news" }));
  await engine.publish(mailFlow({ topic: "news" }));
  await engine.publish(mailFlow({ topic: "offers" }));
  await engine.record({ name: "go" });
  await engine.settle();
  expect((await messages()).map(({ status, topic }) => `${status} ${topic}`).sort()).toEqual([
    "deferred news",
    "sent news",
    "sent offers",
  ]);
  await engine.advanceTo(at("12:00"));
  expect((await messages()).every(({ status }) => status === "sent")).toBe(true);
});

test("a mail that bounced no longer counts, one that waits for its next attempt does", async () => {
  const bounced: Delivery = { ...sentDelivery, outcome: "bounced", class: "invalid_recipient" };
  const answers = [bounced, greylisted];
  const engine = await start(
    { frequencyCaps: [{ count: 1, hours: 24 }] },
    { transport: transport(() => answers.shift() ?? sentDelivery) },
  );
  await engine.publish(mailFlow());
  for (let count = 0; count < 3; count += 1) {
    await engine.record({ name: "go" });
    await engine.settle();
  }
  expect((await messages()).map(({ status }) => status)).toEqual(["bounced", "deferred", "dropped"]);
  await engine.advanceTo(at("10:05"));
  expect((await messages()).map(({ status }) => status)).toEqual(["bounced", "sent", "dropped"]);
});

test("however many are decided at the same moment by two processes, no contact gets more than the cap", async () => {
  const ways = [transport(), transport()] as const;
  const engine = await start({ frequencyCaps: [{ count: 3, hours: 24 }] }, { transport: ways[0] });
  const second = await start({}, { beside: engine, transport: ways[1] });
  for (let flow = 0; flow < 6; flow += 1)
    await engine.publish(mailFlow({}, { reentry: { mode: "always", whileRunning: "beside" } }));
  const rounds = Array.from({ length: 4 }, () => many(10));
  await Promise.all(rounds.map((events, index) => (index % 2 === 0 ? engine : second).record(...events)));
  await engine.settle();
  await second.settle();
  await engine.advanceTo(at("10:01"));
  await second.settle();
  const sent = await database.sql`
    select contact_id, count(*) filter (where status = 'sent')::int as sent, count(*)::int as made from message group by 1`;
  expect(sent).toHaveLength(10);
  expect(sent.map((row) => [row["sent"], row["made"]])).toEqual(Array.from({ length: 10 }, () => [3, 24]));
  expect(ways[0].sent.length + ways[1].sent.length).toBe(30);
});

test("a rate is kept over two processes, the urgent go first, and nothing is lost", async () => {
  const ways = [transport(), transport()] as const;
  const engine = await start({ transportRates: { smtp: { count: 5, per: "minute" } } }, { transport: ways[0] });
  const second = await start({}, { beside: engine, transport: ways[1] });
  const sent = () => ways[0].sent.length + ways[1].sent.length;
  await engine.publish(mailFlow({}, { priority: "low" }));
  await engine.publish(
    mailFlow(
      { purpose: "transactional" },
      {
        priority: "high",
        entries: { begin: { kind: "event", config: { event: "pay" }, next: "mail" } },
      },
    ),
  );
  await Promise.all([engine.record(...many(12)), second.record(...many(24).slice(12))]);
  await engine.settle();
  await second.settle();
  expect(sent()).toBe(1);
  await second.record(to("urgent@example.com", "pay"));
  await second.settle();
  await engine.settle();
  const perMinute: number[] = [];
  for (let second15 = 1; second15 <= 24; second15 += 1) {
    const before = sent();
    await engine.advanceTo(new Date(at("10:00").getTime() + second15 * 15_000));
    await second.advanceTo(engine.clock.now);
    perMinute.push(sent() - before);
    if (second15 === 2) expect([...ways[0].sent, ...ways[1].sent]).toContain("urgent@example.com");
  }
  expect(sent()).toBe(25);
  perMinute.forEach((_, index) => {
    expect(perMinute.slice(index, index + 4).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(5);
  });
  expect((await messages()).every(({ status, attempts }) => status === "sent" && attempts === 1)).toBe(true);
  expect((await lifeOf()).filter((line) => line.startsWith("deferred rate_limit"))).toHaveLength(24);
});

test("a flow has a rate of its own", async () => {
  const way = transport();
  const engine = await start({}, { transport: way });
  await engine.publish(mailFlow({}, { sending: { rate: { count: 1, per: "hour" } } }));
  await engine.publish(mailFlow({ to: "other@example.com" }));
  await engine.record(...many(3));
  await engine.settle();
  expect(way.sent.filter((address) => address !== "other@example.com")).toHaveLength(1);
  expect(way.sent).toHaveLength(4);
  await engine.advanceTo(at("12:01"));
  await engine.advanceTo(at("14:03"));
  expect(way.sent).toHaveLength(6);
});

test("the time that a mail has for its attempts begins when the rules let it go", async () => {
  let hours = 0;
  const engine = await start(
    { transportRates: { smtp: { count: 1, per: "day" } } },
    { transport: transport((address) => (address === "late@example.com" && hours < 120 ? greylisted : sentDelivery)) },
  );
  await engine.publish(mailFlow());
  await engine.record(...many(4));
  await engine.settle();
  await engine.record(to("late@example.com"));
  await engine.settle();
  for (; hours <= 30 * 24; hours += 6) await engine.advanceTo(new Date(at("10:00").getTime() + hours * 3_600_000));
  expect((await messages()).map(({ status }) => status)).toEqual(["sent", "sent", "sent", "sent", "sent"]);
});
