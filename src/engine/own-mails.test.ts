import PostalMime from "postal-mime";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Delivery } from "../core/message/delivery.ts";
import type { EmailTransport } from "../core/message/transport.ts";
import { newId } from "../operations/new-id.ts";
import type { Caller, Platform } from "../operations/platform.ts";
import { type SendEmailInput, sendEmail } from "../operations/send-email.ts";
import { settleMessage } from "../operations/settle-message.ts";
import { withIdempotency } from "../operations/with-idempotency.ts";
import { removeSentContents } from "../storage/mail-contents.ts";
import { insertMessageEvents } from "../storage/message-events.ts";
import { insertSuppressions } from "../storage/suppressions.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { createTestPlatform } from "../testing/platform.ts";

let database: TestDatabase;
const engines: TestEngine[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop();
  await database.sql`truncate outbox, message, message_event, mail_content, sandbox_message, suppression, worker cascade`;
});
afterAll(() => database.drop());

const mail: SendEmailInput = { to: ["Ada <ada@example.com>"], subject: "Hi", html: "<p>Hi</p>" };
const later = new Date("2026-03-02T10:00:00Z");

type Started = TestEngine & {
  platform: Platform;
  caller: Caller;
  send(input?: Partial<SendEmailInput>): ReturnType<typeof sendEmail>;
};

async function start(transport?: EmailTransport, workspaceId?: string): Promise<Started> {
  const engine = await createTestEngine({
    sql: database.sql,
    ...(transport ? { transport } : {}),
    ...(workspaceId ? { workspaceId } : {}),
  });
  engines.push(engine);
  const { caller, ...platform } = await createTestPlatform(database.sql, { workspaceId: engine.workspaceId });
  const woken = { ...platform, now: () => engine.clock.now, wake: () => engine.engine.poke() };
  const send = (input: Partial<SendEmailInput> = {}) => sendEmail(woken, caller, { ...mail, ...input });
  return { ...engine, platform: woken, caller, send };
}

const accepted: Delivery = {
  ...{ outcome: "sent", class: "none", reason: "Accepted.", durationMs: 3, maybeAccepted: false },
  ...{ reply: { code: 250, text: "OK" }, transcript: [] },
};

function transport(...answers: Partial<Delivery>[]) {
  const keys: string[] = [];
  const deliver: EmailTransport["deliver"] = async (_message, { key }) => {
    keys.push(key);
    return { ...accepted, ...answers[Math.min(keys.length, answers.length) - 1] };
  };
  return { keys, deliver, verify: async () => ({ ok: true as const }), close: async () => undefined };
}

const statuses = async () =>
  (await database.sql`select status, class, to_address as "to" from message order by to_address`).map((row) => ({
    ...row,
  }));

test("a mail goes to each recipient as a message of their own, with one content", async () => {
  const engine = await start();
  const sent = await engine.send({
    ...{ to: ["Ada <ada@example.com>", "bo@example.com"], cc: ["cy@example.com"], bcc: ["di@example.com"] },
    ...{ from: "Shop <shop@example.com>", text: "Hi", attachments: [{ name: "a.txt", content: "SGk=" }] },
  });
  expect(sent.messages.map(({ to }) => to)).toEqual(["ada", "bo", "cy", "di"].map((name) => `${name}@example.com`));
  expect(await database.sql`select 1 from mail_content`).toHaveLength(1);
  await engine.settle();
  expect(await statuses()).toEqual(sent.messages.map(({ to }) => ({ status: "sent", class: null, to })));
  const rows = await database.sql`select raw from sandbox_message order by to_address`;
  const received = await Promise.all(rows.map((row) => PostalMime.parse(row["raw"] as Buffer)));
  for (const one of received) {
    expect(one.to?.map(({ address }) => address)).toEqual(["ada@example.com", "bo@example.com"]);
    expect(one.cc?.map(({ address }) => address)).toEqual(["cy@example.com"]);
    expect(one.attachments[0]?.filename).toBe("a.txt");
  }
  expect(await database.sql`select 1 from outbox`).toHaveLength(0);
});

test("what is queued can be seen before its first attempt, and is found by an engine that starts later", async () => {
  const engine = await start();
  await engine.stop();
  const { messages } = await engine.send();
  expect(await database.sql`select status, subject, to_address as "to" from message`).toEqual([
    { status: "queued", subject: "Hi", to: "ada@example.com" },
  ]);
  const next = await start(undefined, engine.workspaceId);
  await next.settle();
  expect(await database.sql`select id, status from message`).toEqual([{ id: messages[0]?.id, status: "sent" }]);
});

test("a suppressed address gets nothing, and its message says why", async () => {
  const way = transport();
  const engine = await start(way);
  const { workspaceId } = engine;
  await insertSuppressions(database.sql, [
    {
      workspaceId,
      channel: "email",
      address: "ada@example.com",
      reason: "complaint",
      source: "test",
      createdAt: later,
    },
  ]);
  await engine.send({ to: ["ada@example.com", "bo@example.com"] });
  await engine.settle();
  expect(await statuses()).toMatchObject([{ status: "held", class: "suppressed" }, { status: "sent" }]);
  expect(way.keys).toHaveLength(1);
});

test("a deferred mail is tried again under the same key; one that is refused bounces", async () => {
  const way = transport({ outcome: "deferred", class: "greylisted" }, { outcome: "bounced", class: "policy" });
  const engine = await start(way);
  await engine.send();
  await engine.settle();
  expect(await statuses()).toMatchObject([{ status: "deferred" }]);
  await engine.advanceTo(later);
  expect(await statuses()).toMatchObject([{ status: "bounced", class: "policy" }]);
  expect(new Set(way.keys).size).toBe(1);
  expect(way.keys).toHaveLength(2);
});

test.each([
  ["transactional", ["unknown", "attempting", "sent"]],
  ["marketing", ["unknown"]],
] as const)("a %s mail whose process died at it is settled by its purpose", async (purpose, events) => {
  const engine = await start();
  await engine.stop();
  const { messages } = await engine.send({ purpose });
  const [row] = await database.sql`select lane, workspace_id as "workspaceId" from message`;
  const at = { lane: row?.["lane"], workspaceId: row?.["workspaceId"], messageId: messages[0]?.id ?? "", at: later };
  await insertMessageEvents(database.sql, [{ ...at, id: newId(), type: "attempting", detail: null }]);
  const next = await start(undefined, engine.workspaceId);
  await next.advanceTo(later);
  const life = await database.sql`select type from message_event order by id`;
  expect(life.map(({ type }) => type)).toEqual(["attempting", ...events]);
  if (purpose === "transactional") return;
  await settleMessage(next.platform, next.caller, { id: messages[0]?.id ?? "", action: "resend" });
  await next.advanceTo(later);
  expect(await statuses()).toMatchObject([{ status: "sent" }]);
});

test("a transport that is not there and a template that fails are told on the message", async () => {
  const engine = await start(transport());
  await engine.send({ transport: "pigeon" });
  await engine.send({ to: ["bo@example.com"], variables: {}, html: "{% for i in (1..100000000) %}x{% endfor %}" });
  await engine.settle();
  expect(await statuses()).toMatchObject([{ class: "transport_missing" }, { class: "template_error" }]);
});

test("a request that comes twice is sent once", async () => {
  const way = transport();
  const engine = await start(way);
  const request = { workspaceId: engine.workspaceId, operation: "send-email", key: "k", hash: "ab".repeat(32) };
  const act = () =>
    withIdempotency(engine.platform, request, async (platform) => ({
      status: 202,
      response: await sendEmail(platform, engine.caller, mail),
    }));
  const [first, second] = await Promise.all([act(), act()]);
  expect(second.response).toEqual(first.response);
  await engine.settle();
  expect(way.keys).toHaveLength(1);
});

test("one broken recipient keeps all from being queued", async () => {
  const engine = await start();
  await expect(engine.send({ to: ["ada@example.com", "nobody"] })).rejects.toMatchObject({ code: "invalid_request" });
  expect(await statuses()).toEqual([]);
});

test("content is removed when nobody waits for it any more, and no sooner", async () => {
  const engine = await start(transport({ outcome: "deferred", class: "greylisted" }, {}));
  await engine.send();
  await engine.settle();
  expect(await removeSentContents(database.sql, later)).toBe(0);
  await engine.advanceTo(later);
  expect(await removeSentContents(database.sql, engine.clock.now)).toBe(1);
  expect(await database.sql`select 1 from mail_content`).toHaveLength(0);
});
