import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import type { EntryKind } from "../core/flow/step-kind.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { newId } from "../operations/new-id.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";
import { bumpRoutingRevision } from "../storage/workspaces.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { definitionOf } from "../testing/flow-fixture.ts";

const list = newId();
const end = { kind: "end", config: {} };
const wait = { kind: "wait", config: { for: { amount: 1, unit: "days" } }, exits: { next: null } };

/** An entry by the name of any event, our own included. */
const any: EntryKind<{ event: string }> = {
  name: "any",
  title: "Any",
  config: z.strictObject({ event: z.string() }),
  listensTo: ({ event }, { flowId }) => [event.replace("SELF", flowId)],
  accepts: () => ({ admit: true }),
};
const kinds = { steps: stepKinds, entries: { ...entryKinds, any } };

let database: TestDatabase;
let engine: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
});

beforeEach(async () => {
  await database.sql`truncate event, event_queue, outbox, run, trail, event_outcome, admission, message, sandbox_message, suppression, counter, contact, contact_identity, membership, worker, flow, flow_version cascade`;
  engine = await createTestEngine({ sql: database.sql, kinds });
  return () => engine.stop();
});

afterAll(() => database.drop());

function begin(event: string, next: string): JsonObject {
  return { begin: { kind: "any", config: { event }, next } };
}

async function go(...steps: [JsonObject, JsonObject?]): Promise<string> {
  const id = await engine.publish(definitionOf(...steps));
  await engine.record({ name: "go", payload: { orderId: "o-1", total: 12.5 } });
  await engine.settle();
  expect(engine.errors).toEqual([]);
  return id;
}

async function runs() {
  return database.sql<
    { status: string; reason: string | null; step: string | null; vars: JsonObject; depth: number; event: Json }[]
  >`
    select status, reason, step, vars, depth, event from run order by id`;
}

async function trailOf(step: string) {
  const rows = await database.sql<{ entries: JsonObject[] }[]>`select entries from trail order by at, seq`;
  return rows.flatMap(({ entries }) => entries).filter((entry) => entry.step === step);
}

test("an event that a flow emits starts another flow, and is on record", async () => {
  await engine.publish(definitionOf({ done: end }, { entries: begin("order.reviewed", "done") }));
  await go({
    emit: {
      kind: "emit-event",
      config: { event: "order.reviewed", payload: { total: "{{ event.total }}" } },
      exits: { next: null },
    },
  });
  expect(await runs()).toMatchObject([
    { status: "completed", depth: 0 },
    { status: "completed", depth: 1, event: { total: 12.5 } },
  ]);
  const [made] = await database.sql`select name, source, depth from event where name = 'order.reviewed'`;
  expect(made).toEqual({ name: "order.reviewed", source: "flow", depth: 1 });
});

test("a flow starts another one by its id, with what it gives it", async () => {
  const other = await engine.publish(definitionOf({ done: end }, { entries: begin("$start:SELF", "done") }));
  const bystander = await engine.publish(definitionOf({ done: end }, { entries: begin("$start:SELF", "done") }));
  await go({
    start: {
      kind: "start-flow",
      config: { flow: other, payload: { order: "{{ event.orderId }}" } },
      exits: { next: null },
    },
  });
  const started = await database.sql`select flow_id as flow, event from run where depth = 1`;
  expect(started).toEqual([{ flow: other, event: { order: "o-1" } }]);
  expect(bystander).not.toBe(other);
});

test("two flows that start each other end at the loop guard, which says so", async () => {
  const steps = (event: string) => ({ emit: { kind: "emit-event", config: { event }, exits: { next: null } } });
  await engine.publish(definitionOf(steps("ping"), { entries: begin("pong", "emit") }));
  await engine.publish(definitionOf(steps("pong"), { entries: begin("ping", "emit") }));
  await engine.record({ name: "ping" });
  await engine.settle();
  const depths = (await runs()).map(({ depth }) => depth);
  expect(depths.toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const refused = await database.sql`select outcome, reason, detail from event_outcome where outcome = 'not_started'`;
  expect(refused).toEqual([{ outcome: "not_started", reason: "loop_guard", detail: { starts: 11 } }]);
});

test("a flow whose own change of a property starts it again ends at the loop guard", async () => {
  const count = {
    kind: "update-contact",
    config: { properties: { n: "{{ contact.n | default: 0 | plus: 1 }}" } },
    exits: { next: null },
  };
  await engine.publish(definitionOf({ count }, { entries: begin("$property:n", "count") }));
  await go({ count });
  expect((await runs()).length).toBe(11);
  const [contact] = await database.sql`select properties from contact`;
  expect(contact?.properties).toEqual({ n: 11 });
  expect(await database.sql`select reason from event_outcome where outcome = 'not_started'`).toEqual([
    { reason: "loop_guard" },
  ]);
});

test("go-to joins, and a loop ends when the flow says enough", async () => {
  const hourly = { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "again" } };
  await go({ hourly, again: { kind: "go-to", config: { step: "hourly" } } }, { maxSteps: 4 });
  for (let hour = 1; hour <= 3; hour += 1) await engine.advanceTo(new Date(engine.clock.now.getTime() + 3_600_000));
  expect(await runs()).toMatchObject([{ status: "failed", reason: "loop_guard" }]);
  expect(await trailOf("hourly")).toContainEqual(expect.objectContaining({ outcome: "failed", reason: "loop_guard" }));
});

test("variables are kept with their types, over a wait", async () => {
  await go({
    set: {
      kind: "set-variable",
      config: { variables: { total: "{{ event.total }}", note: "No. {{ event.orderId }}" } },
      exits: { next: "wait" },
    },
    wait: { ...wait, exits: { next: "which" } },
    which: {
      kind: "condition",
      config: { paths: [{ name: "large", when: { field: "run.total", operator: "atLeast", value: 10 } }] },
      exits: { large: "done", else: null },
    },
    done: end,
  });
  await engine.advanceTo(new Date("2026-03-02T10:00:00Z"));
  expect(await runs()).toMatchObject([{ status: "completed", step: "done", vars: { total: 12.5, note: "No. o-1" } }]);
});

const mail = { kind: "send-email", config: { subject: "Hi", html: "<p>Hi</p>" }, exits: { next: "wait" } };

test("a contact that is unsubscribed leaves the list, and its address gets no message any more", async () => {
  await database.sql`insert into list (id, workspace_id, name, description, fields, created_at) values (${list}, ${engine.workspaceId}, 'News', '', '[]', now())`;
  await go({
    bye: { kind: "unsubscribe", config: { lists: [list], channels: ["email"] }, exits: { next: "pause" } },
    pause: { ...wait, exits: { next: "mail" } },
    mail,
    wait,
  });
  expect(await database.sql`select list_id as list, state from membership`).toEqual([{ list, state: "unsubscribed" }]);
  expect(await database.sql`select channel, address, reason, source from suppression`).toEqual([
    {
      channel: "email",
      address: "ada@example.com",
      reason: "unsubscribed",
      source: expect.stringMatching(/^flow:.*:bye$/),
    },
  ]);
  await engine.advanceTo(new Date("2026-03-02T10:00:00Z"));
  expect(await database.sql`select status, reason from message`).toEqual([{ status: "held", reason: "unsubscribed" }]);
});

test("people of the workspace are told by mail, though their address is suppressed and the contact has none", async () => {
  const { sql } = database;
  await sql`update workspace set settings = ${sql.json({ notifyEmails: { boss: "boss@example.com" } })} where id = ${engine.workspaceId}`;
  await bumpRoutingRevision(sql, engine.workspaceId);
  await sql`insert into suppression (workspace_id, channel, address, reason, source, created_at)
    values (${engine.workspaceId}, 'email', 'boss@example.com', 'bounced', 'test', now())`;
  const tell = {
    kind: "notify",
    config: { by: "email", to: ["boss", "second@example.com"], subject: "Order {{ event.orderId }}", html: "<p>!</p>" },
    exits: { next: null },
  };
  await engine.publish(definitionOf({ tell }));
  await engine.record({ name: "go", identity: { externalId: "c-7" }, payload: { orderId: "o-1" } });
  await engine.settle();
  const kept =
    await sql`select to_address as to, subject, convert_from(raw, 'utf8') as raw from sandbox_message order by to_address`;
  expect(kept.map(({ to, subject }) => [to, subject])).toEqual([
    ["boss@example.com", "Order o-1"],
    ["second@example.com", "Order o-1"],
  ]);
  expect(new Set(kept.map(({ raw }) => /^Message-ID: (.*)$/m.exec(raw)?.[1])).size).toBe(2);
  expect(await sql`select id from message`).toEqual([]);
  expect(await trailOf("tell")).toMatchObject([
    { outcome: "went", detail: { to: ["boss@example.com", "second@example.com"] } },
    { outcome: "performed" },
    { outcome: "performed" },
  ]);
});

test("a webhook is called with JSON, and what came of it is in the trail", async () => {
  const bodies: Json[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    bodies.push(JSON.parse(body));
    response.statusCode = 204;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  await go({
    tell: {
      kind: "notify",
      config: { by: "webhook", url, body: { total: "{{ event.total }}" } },
      exits: { next: null },
    },
  });
  server.close();
  expect(bodies).toEqual([{ total: 12.5 }]);
  expect(await trailOf("tell")).toMatchObject([{ outcome: "went" }, { outcome: "performed", detail: { status: 204 } }]);
  expect(await database.sql`select kind from outbox`).toEqual([]);
});

test("a goal takes a waiting run, and is counted once", async () => {
  const steps = {
    wait,
    won: { kind: "goal", config: { event: "order.placed" }, exits: { next: "after" } },
    after: wait,
  };
  const flowId = await go(steps);
  await engine.record({ name: "order.placed" }, { name: "order.placed" });
  await engine.settle();
  expect(await runs()).toMatchObject([{ status: "waiting", step: "after" }]);
  const counts =
    await database.sql`select name, sum(value)::int as count from counter where subject = ${flowId} and name like '%goal' group by name order by name`;
  expect(counts).toEqual([
    { name: "goal", count: 1 },
    { name: "won:goal", count: 1 },
  ]);
});

test("what one run changes about the contact lets another one go by its exit rule, and a third reach its goal", async () => {
  const buyer = { field: "contact.tags", operator: "includes", value: "buyer" };
  await engine.publish(definitionOf({ wait }, { name: "Exits", exitWhen: [{ when: buyer }] }));
  await engine.publish(
    definitionOf({ wait, won: { kind: "goal", config: { when: buyer }, exits: { next: null } } }, { name: "Goal" }),
  );
  await engine.publish(
    definitionOf(
      { tag: { kind: "update-contact", config: { addTags: ["buyer"] }, exits: { next: null } } },
      { entries: begin("bought", "tag") },
    ),
  );
  await engine.record({ name: "go" });
  await engine.settle();
  expect((await runs()).map(({ status }) => status)).toEqual(["waiting", "waiting"]);
  await engine.record({ name: "bought" });
  await engine.settle();
  const ended = (await runs()).map(({ status, reason }) => [status, reason]);
  expect(ended).toEqual([
    ["exited", "exit_rule_0"],
    ["completed", null],
    ["completed", null],
  ]);
});
