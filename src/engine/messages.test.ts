import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import type { Delivery } from "../core/message/delivery.ts";
import type { EmailTransport } from "../core/message/transport.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { deferred } from "../testing/fake-http.ts";
import { definitionOf } from "../testing/flow-fixture.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`
    truncate event_queue, outbox, run, trail, event_outcome, admission, worker, message, message_event, sandbox_message, suppression, flow, flow_version cascade`;
});

afterAll(() => database.drop());

async function start(options: Partial<Parameters<typeof createTestEngine>[0]> = {}): Promise<TestEngine> {
  const engine = await createTestEngine({ sql: database.sql, ...options });
  engines.push(engine);
  return engine;
}

type Told = Partial<Delivery> | Promise<Partial<Delivery>>;
type FakeTransport = EmailTransport & { keys: string[]; ids: string[] };

/** A transport that answers what the test says, one answer for each delivery; the last one again and again. */
function transport(...answers: (Told | (() => Told))[]): FakeTransport {
  const keys: string[] = [];
  const ids: string[] = [];
  return {
    keys,
    ids,
    async deliver({ messageId }, { key }) {
      const answer = answers[Math.min(keys.length, answers.length - 1)] ?? {};
      keys.push(key);
      ids.push(messageId);
      return { ...accepted, ...(await (typeof answer === "function" ? answer() : answer)) };
    },
    verify: async () => ({ ok: true }),
    close: async () => undefined,
  };
}

const accepted: Delivery = {
  ...{ outcome: "sent", class: "none", reason: "Accepted.", durationMs: 3, maybeAccepted: false },
  reply: { code: 250, text: "OK" },
  transcript: ["> MAIL FROM:<a@example.com>", "< 250 OK"],
};
const busy = {
  outcome: "deferred",
  class: "greylisted",
  reply: { code: 451, text: "later" },
  reason: "Later.",
} as const;
const unclear = {
  outcome: "deferred",
  class: "connection",
  reply: null,
  reason: "Cut off after the dot.",
  maybeAccepted: true,
} as const;
const refused = {
  outcome: "bounced",
  class: "invalid_recipient",
  reply: { code: 550, text: "unknown" },
  reason: "No such user.",
} as const;

function mailFlow(config: JsonObject = {}) {
  const mail = { subject: "Hi {{ contact.name }}", html: "<p>Hi</p>", purpose: "transactional", ...config };
  return definitionOf({ mail: { kind: "send-email", config: mail, exits: { next: null } } });
}

async function send(engine: TestEngine, config: JsonObject = {}): Promise<void> {
  await engine.publish(mailFlow(config));
  await engine.record({ name: "go", properties: { name: "Ada" } });
  await engine.settle();
}

async function messages() {
  return database.sql`select status, class, reason, attempts from message order by id`;
}

async function life(): Promise<string[]> {
  return (await database.sql`select type from message_event order by id`).map((row) => row["type"]);
}

const outbox = async () => (await database.sql`select count(*)::int from outbox`)[0]?.["count"];
const minutes = (count: number) => new Date(Date.parse("2026-03-01T10:00:00Z") + count * 60_000);

test("a mail that is taken is sent, with what both sides said kept", async () => {
  const way = transport();
  const engine = await start({ transport: way });
  await send(engine);
  expect(
    await database.sql`select status, attempts, transport, subject, to_address as "to", size_bytes > 0 as sized, sent_at as "sentAt" from message`,
  ).toEqual([
    {
      status: "sent",
      attempts: 1,
      transport: "smtp",
      subject: "Hi Ada",
      to: "ada@example.com",
      sized: true,
      sentAt: engine.clock.now,
    },
  ]);
  expect(await life()).toEqual(["attempting", "sent"]);
  const [sent] = await database.sql`select detail from message_event where type = 'sent'`;
  expect(sent?.["detail"]).toMatchObject({ attempt: 1, reply: { code: 250 }, transcript: accepted.transcript });
  expect(await outbox()).toBe(0);
});

test("a deferred mail is tried again on schedule, under the same key and id, and is one message", async () => {
  const way = transport(busy, busy, {});
  const engine = await start({ transport: way });
  await send(engine);
  expect(await messages()).toEqual([{ status: "deferred", class: "greylisted", reason: "Later.", attempts: 1 }]);
  await engine.advanceTo(minutes(0.9));
  expect(way.keys).toHaveLength(1);
  await engine.advanceTo(minutes(1));
  expect(way.keys).toHaveLength(2);
  await engine.advanceTo(minutes(7));
  expect(await messages()).toMatchObject([{ status: "sent", class: null, attempts: 3 }]);
  expect(await life()).toEqual(["attempting", "deferred", "attempting", "deferred", "attempting", "sent"]);
  expect([new Set(way.keys).size, new Set(way.ids).size]).toEqual([1, 1]);
});

test("a mail that nobody takes is given up when its lifetime is over", async () => {
  const engine = await start({ transport: transport(busy) });
  await send(engine);
  for (let hour = 1; hour <= 80; hour += 1) await engine.advanceTo(minutes(hour * 60));
  expect(await messages()).toMatchObject([
    { status: "bounced", class: "expired", reason: expect.stringMatching(/Given up after \d+ attempts/) },
  ]);
  expect((await life()).at(-1)).toBe("bounced");
  expect(await outbox()).toBe(0);
});

test("a mail that is refused for good bounces with the class of the refusal", async () => {
  const engine = await start({ transport: transport(refused) });
  await send(engine);
  expect(await messages()).toMatchObject([{ status: "bounced", class: "invalid_recipient", reason: "No such user." }]);
  expect(await outbox()).toBe(0);
});

test.each<[string, JsonObject, string]>([
  [
    "a template that fails while it is rendered",
    { html: "{% for i in (1..100000000) %}x{% endfor %}" },
    "template_error",
  ],
  ["a recipient that is no address", { to: "{{ contact.name }}" }, "invalid_address"],
  ["a transport that is not there", { transport: "pigeon" }, "transport_missing"],
])("%s makes the message fail, with the reason, and nothing is sent", async (_what, config, cause) => {
  const way = transport();
  const engine = await start({ transport: way });
  await send(engine, config);
  expect(await messages()).toMatchObject([{ status: "failed", class: cause, reason: expect.stringMatching(/./) }]);
  expect(await life()).toEqual(["failed"]);
  expect(way.keys).toEqual([]);
  expect(await outbox()).toBe(0);
});

test("a mail to a suppressed address is held, and says why", async () => {
  const way = transport();
  const engine = await start({ transport: way });
  await database.sql`
    insert into suppression (workspace_id, channel, address, reason, source, created_at)
    values (${engine.workspaceId}, 'email', 'ada@example.com', 'hard bounce', 'test', now())`;
  await send(engine);
  expect(await messages()).toMatchObject([{ status: "held", class: "suppressed", reason: "hard bounce" }]);
  expect(await life()).toEqual(["held"]);
  expect(way.keys).toEqual([]);
});

test("when nobody knows whether a transactional mail was taken it is sent again, and its life says so", async () => {
  const way = transport(unclear, {});
  const engine = await start({ transport: way });
  await send(engine);
  await engine.advanceTo(minutes(2));
  expect(await messages()).toMatchObject([{ status: "sent", attempts: 2 }]);
  expect(await life()).toEqual(["attempting", "unknown", "attempting", "sent"]);
});

test("when nobody knows whether a marketing mail was taken it waits for a person", async () => {
  const way = transport(unclear, {});
  const engine = await start({ transport: way });
  await send(engine, { purpose: "marketing" });
  await engine.advanceTo(minutes(120));
  expect(await messages()).toMatchObject([{ status: "unknown", attempts: 1 }]);
  expect(await life()).toEqual(["attempting", "unknown"]);
  expect(way.keys).toHaveLength(1);
  expect(await database.sql`select leased_by, due_at > '9999-01-01' as never from outbox`).toEqual([
    { leased_by: null, never: true },
  ]);
});

test.each([
  ["transactional", "sent", ["attempting", "unknown", "attempting", "sent"]],
  ["marketing", "unknown", ["attempting", "unknown"]],
])("a %s mail that its process died over ends as %s", async (purpose, status, expected) => {
  const engine = await start({ transport: transport(new Promise(() => undefined)) });
  await engine.publish(mailFlow({ purpose }));
  await engine.record({ name: "go" });
  await expect.poll(life).toEqual(["attempting"]);
  // The process is as good as dead: its lease is free, and it never says another word.
  await database.sql`update outbox set leased_by = null`;
  engines.splice(engines.indexOf(engine), 1);
  const next = await start({ beside: engine, transport: transport() });
  await next.settle();
  expect(await messages()).toMatchObject([{ status }]);
  expect(await life()).toEqual(expected);
  expect(await outbox()).toBe(status === "sent" ? 0 : 1);
});

test("a mail given back before it was begun is sent once, and is not unknown", async () => {
  const gate = deferred();
  const slow = transport(() => gate.promise.then(() => ({})));
  const engine = await start({ transport: slow });
  await engine.publish(mailFlow());
  await engine.record(
    ...Array.from({ length: 30 }, (_, n) => ({ name: "go", identity: { email: `p${n}@example.com` } })),
  );
  await expect.poll(() => slow.keys.length).toBe(20);
  const stop = engine.stop();
  gate.resolve();
  await stop;
  const quick = transport();
  const next = await start({ beside: engine, transport: quick });
  await next.settle();
  expect([slow.keys.length, quick.keys.length]).toEqual([20, 10]);
  expect(await database.sql`select status, count(*)::int from message group by 1`).toEqual([
    { status: "sent", count: 30 },
  ]);
  expect(await life()).not.toContain("unknown");
});

test("a late word of a process that lost its lease does not undo what another did, but a mail that went out is a fact", async () => {
  const [late, again] = [deferred(), deferred()];
  const first = transport(() => late.promise.then(() => busy));
  const engine = await start({ transport: first });
  await engine.publish(mailFlow());
  await engine.record({ name: "go" });
  await expect.poll(() => first.keys.length).toBe(1);
  await database.sql`update outbox set leased_by = null`;
  const second = transport(() => again.promise.then(() => ({})));
  const next = await start({ beside: engine, transport: second });
  await expect.poll(() => second.keys.length).toBe(1);
  again.resolve();
  await next.settle();
  late.resolve();
  await engine.settle();
  expect(await messages()).toMatchObject([{ status: "sent" }]);
  expect(await life()).toEqual(["attempting", "unknown", "attempting", "sent", "deferred"]);
  expect(await outbox()).toBe(0);
});

test("the sandbox keeps each mail once, and sends nothing", async () => {
  const engine = await start();
  await send(engine);
  const rows =
    await database.sql`select s.subject, s.to_address as "to", m.status from sandbox_message s join message m on m.id = s.id`;
  expect(rows).toEqual([{ subject: "Hi Ada", to: "ada@example.com", status: "sent" }]);
});

test("a mail is one message however often its run, its pass and its delivery are tried", async () => {
  const engine = await start({ transport: transport(busy, unclear, () => Promise.reject(new Error("Bug")), {}) });
  await send(engine);
  for (let minute = 1; minute <= 60; minute += 1) await engine.advanceTo(minutes(minute));
  expect(await database.sql`select run_id, step, visit, count(*)::int from message group by 1, 2, 3`).toMatchObject([
    { count: 1 },
  ]);
  expect(await messages()).toMatchObject([{ status: "sent" }]);
});

test("a transport with a bug ends the message as failed, not in silence", async () => {
  const engine = await start({ transport: transport(() => Promise.reject(new Error("Bug"))) });
  await send(engine);
  for (let minute = 1; minute <= 30; minute += 1) await engine.advanceTo(minutes(minute));
  expect(await messages()).toMatchObject([{ status: "failed", class: "internal_error" }]);
  expect(await outbox()).toBe(0);
});
