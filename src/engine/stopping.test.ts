import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import type { EmailTransport } from "../core/message/transport.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { deferred, fakeHttp } from "../testing/fake-http.ts";
import { definitionOf } from "../testing/flow-fixture.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`truncate event_queue, outbox, run, trail, event_outcome, admission, worker, message, message_event, flow, flow_version cascade`;
});

afterAll(() => database.drop());

async function start(options: Partial<Parameters<typeof createTestEngine>[0]> = {}): Promise<TestEngine> {
  const engine = await createTestEngine({ sql: database.sql, ...options });
  engines.push(engine);
  return engine;
}

const wait = { kind: "wait", config: { for: { amount: 9, unit: "hours" } }, exits: { next: null } };
const mail = { kind: "send-email", config: { subject: "Hi", html: "<p>Hi</p>" }, exits: { next: "wait" } };
const call = {
  kind: "http-action",
  config: { method: "POST", url: "http://127.0.0.1:9/" },
  exits: { success: null, error: null },
};
const buyer = { field: "contact.tags", operator: "includes", value: "buyer" };

/** A server that is always busy: the mail waits in the outbox for another attempt. */
const busy: EmailTransport = {
  deliver: async () => ({
    ...{
      outcome: "deferred",
      class: "greylisted",
      reason: "Later.",
      durationMs: 1,
      maybeAccepted: false,
      transcript: [],
    },
    reply: { code: 451, text: "later" },
  }),
  verify: async () => ({ ok: true }),
  close: async () => undefined,
};

async function left() {
  const { sql } = database;
  const outbox = await sql`select kind from outbox`;
  const messages = await sql`select status, reason from message order by id`;
  const runs = await sql`select status, reason from run order by id`;
  return { outbox: outbox.map(({ kind }) => kind), messages: [...messages], runs: [...runs] };
}

test.each<[string, JsonObject, { status: string; reason: string }]>([
  ["an event", { exitWhen: [{ event: "stop" }] }, { status: "exited", reason: "exit_rule_0" }],
  ["a change of its contact", { exitWhen: [{ when: buyer }] }, { status: "exited", reason: "exit_rule_0" }],
  [
    "the run that takes its place",
    { reentry: { mode: "always", whileRunning: "restart" } },
    { status: "cancelled", reason: "restarted" },
  ],
])(
  "a mail that waits for another attempt is not sent any more when its run is ended by %s",
  async (...[, rules, end]) => {
    const engine = await start({ transport: busy });
    const again = end.status === "cancelled";
    await engine.publish(definitionOf({ mail, wait }, rules));
    await engine.publish(
      definitionOf(
        { tag: { kind: "update-contact", config: { addTags: ["buyer"] }, exits: { next: null } } },
        { entries: { begin: { kind: "event", config: { event: "stop" }, next: "tag" } } },
      ),
    );
    await engine.record({ name: "go" });
    await engine.settle();
    expect(await left()).toMatchObject({ outbox: ["email"], messages: [{ status: "deferred" }] });
    await engine.record({ name: again ? "go" : "stop" });
    await engine.settle();
    const { outbox, messages, runs } = await left();
    expect(messages[0]).toEqual({ status: "cancelled", reason: end.reason });
    expect(runs[0]).toEqual(end);
    expect(outbox).toEqual(again ? ["email"] : []);
    const [last] = await database.sql`select type, detail from message_event where type = 'cancelled'`;
    expect(last).toEqual({ type: "cancelled", detail: { reason: end.reason } });
    expect(engine.errors).toEqual([]);
  },
);

test("a mail that is asked for and taken back in one pass has its row, and was never handed over", async () => {
  const engine = await start();
  await engine.publish(definitionOf({ mail, wait }, { exitWhen: [{ event: "stop" }] }));
  await engine.record({ name: "go" }, { name: "stop" });
  await engine.settle();
  expect(await left()).toEqual({
    outbox: [],
    messages: [{ status: "cancelled", reason: "exit_rule_0" }],
    runs: [{ status: "exited", reason: "exit_rule_0" }],
  });
});

test("a call in hand goes on, unheard; those of other contacts are left alone", async () => {
  const gate = deferred();
  const http = fakeHttp({ wait: () => gate.promise });
  const engine = await start({ http: http.performer });
  await engine.publish(definitionOf({ call }, { exitWhen: [{ event: "stop" }] }));
  await engine.record({ name: "go" }, { name: "go", identity: { email: "bob@example.com" } });
  await http.begun(2);
  await engine.record({ name: "stop" });
  while ((await database.sql`select 1 from run where status = 'exited'`).length === 0) await engine.recorder.idle();
  gate.resolve();
  await engine.settle();
  expect((await left()).outbox).toEqual([]);
  expect((await left()).runs.map(({ status }) => status).sort()).toEqual(["completed", "exited"]);
  expect(engine.errors).toEqual([]);
});

test("of two events of one contact the urgent one is met first, though it was accepted later", async () => {
  const engine = await start();
  const note = (name: string) => ({
    kind: "update-contact",
    config: { properties: { order: `{{ contact.order }}${name}` } },
    exits: { next: null },
  });
  for (const name of ["bulk", "urgent"])
    await engine.publish(
      definitionOf(
        { note: note(name) },
        { entries: { begin: { kind: "event", config: { event: name }, next: "note" } } },
      ),
    );
  await engine.record({ name: "warm-up" });
  await engine.settle();
  await engine.engine.stop();
  await engine.record({ name: "bulk" }, { name: "urgent" });
  await database.sql`update event_queue q set priority = case e.name when 'bulk' then 2 else 0 end from event e where e.id = q.event_id`;
  const next = await start({ beside: engine });
  await next.settle();
  const [contact] = await database.sql`select properties from contact where properties ? 'order'`;
  expect(contact?.properties).toEqual({ order: "urgentbulk" });
});
