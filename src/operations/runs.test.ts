import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { EmailTransport } from "../core/message/transport.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { findStrayIdentities } from "../testing/stray-identities.ts";
import { actOnRun } from "./act-on-run.ts";
import { deleteContact } from "./delete-contact.ts";
import { getEvent, listEvents } from "./events.ts";
import { explainFlow } from "./explain-flow.ts";
import { flowCounts } from "./flow-versions.ts";
import { getContact } from "./get-contact.ts";
import { getMessage, listMessages } from "./messages.ts";
import { newId } from "./new-id.ts";
import { getRun, listRuns } from "./runs.ts";
import { settleMessage } from "./settle-message.ts";

let database: TestDatabase;
let platform: TestPlatform;
let engine: TestEngine;
let isStopped = false;

const reply = { code: 451, text: "4.3.0 later" };
/** A server that never takes a mail, so that messages stay to be sent. */
const busy: EmailTransport = {
  deliver: async () => ({
    outcome: "deferred",
    class: "greylisted",
    reply,
    reason: "Later.",
    transcript: ["> RCPT", "< 451 4.3.0 later"],
    durationMs: 1,
    maybeAccepted: false,
  }),
  verify: async () => ({ ok: true }),
  close: async () => undefined,
};

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  engine = await createTestEngine({ sql: database.sql, transport: busy });
  platform = await createTestPlatform(database.sql, engine);
  isStopped = false;
  return stopEngine;
});

async function stopEngine(): Promise<void> {
  if (isStopped) return;
  isStopped = true;
  await engine.stop();
}

const mailing = {
  schema: 1,
  name: "Mailing",
  entries: {
    paid: {
      kind: "event",
      config: { event: "paid", where: { field: "event.total", operator: "atLeast", value: 10 } },
      next: "mail",
    },
  },
  steps: {
    mail: {
      kind: "send-email",
      config: { from: "Shop <shop@example.com>", subject: "Thanks", html: "<p>Thanks</p>" },
      exits: { next: "wait" },
    },
    wait: { kind: "wait", config: { for: { amount: 1, unit: "days" } }, exits: { next: null } },
  },
};

async function enter(email = "ada@example.com", total = 20) {
  const flowId = await engine.publish(mailing);
  await engine.record({ name: "paid", identity: { email }, payload: { total } });
  await engine.settle();
  const contact = await getContact(platform, platform.caller, { by: "email", value: email });
  const { data } = await listRuns(platform, platform.caller, { flowId });
  return { flowId, contactId: contact.id, runId: data[0]?.id ?? "" };
}

test("a run can be read with its trail, what started it, and its messages with every attempt", async () => {
  const { flowId, contactId, runId } = await enter();
  const run = await getRun(platform, platform.caller, { id: runId });
  expect(run).toMatchObject({
    flowId,
    contactId,
    status: "waiting",
    step: "wait",
    payload: { total: 20 },
    event: { name: "paid" },
  });
  expect(run.trail.map(({ step, outcome }) => [step, outcome])).toEqual([
    ["mail", "went"],
    ["wait", "waiting"],
  ]);
  expect(run.messages).toMatchObject([
    { status: "deferred", to: "ada@example.com", subject: "Thanks", runId, step: "mail" },
  ]);
  const message = await getMessage(platform, platform.caller, { id: run.messages[0]?.id ?? "" });
  expect(message.events.at(-1)).toMatchObject({ type: "deferred" });
  expect(JSON.stringify(message.events)).toContain("451 4.3.0 later");
});

test("cancelling ends the run where it stands, takes back what was not sent, and counts", async () => {
  const { flowId, runId } = await enter();
  const ended = await actOnRun(platform, platform.caller, { id: runId, action: { kind: "cancel", note: "asked to" } });
  expect(ended).toMatchObject({
    status: "cancelled",
    reason: "cancelled_by_request",
    wakeAt: null,
    endedAt: platform.now(),
  });
  const run = await getRun(platform, platform.caller, { id: runId });
  expect(run.trail.at(-1)).toMatchObject({
    step: "wait",
    outcome: "cancelled",
    detail: { by: "test", note: "asked to" },
  });
  expect(run.messages).toMatchObject([{ status: "cancelled", reason: "run_cancelled" }]);
  expect(await database.sql`select 1 from outbox where run_id = ${runId}`).toHaveLength(0);
  expect((await flowCounts(platform, platform.caller, { id: flowId })).versions).toMatchObject([
    { started: 1, cancelled: 1, completed: 0 },
  ]);
  await expect(actOnRun(platform, platform.caller, { id: runId, action: { kind: "cancel" } })).rejects.toMatchObject({
    code: "invalid_state",
    detail: { status: "cancelled" },
  });
  await engine.advanceTo(new Date("2026-03-09T10:00:00Z"));
  expect((await getRun(platform, platform.caller, { id: runId })).status).toBe("cancelled");
});

test("deleting a contact ends its runs, frees its identities and lets nothing be sent", async () => {
  const { contactId, runId } = await enter();
  expect(await deleteContact(platform, platform.caller, { id: contactId })).toEqual({ id: contactId });
  await expect(getContact(platform, platform.caller, { by: "email", value: "ada@example.com" })).rejects.toMatchObject({
    code: "contact_not_found",
  });
  const run = await getRun(platform, platform.caller, { id: runId });
  expect(run).toMatchObject({
    status: "cancelled",
    reason: "contact_deleted",
    messages: [{ status: "cancelled", reason: "contact_deleted" }],
  });
  for (const table of ["outbox", "membership", "admission"]) {
    expect(await database.sql`select 1 from ${database.sql(table)} where contact_id = ${contactId}`).toHaveLength(0);
  }
  expect([...(await findStrayIdentities(database.sql))]).toEqual([]);
  await expect(deleteContact(platform, platform.caller, { id: contactId })).rejects.toMatchObject({
    code: "contact_not_found",
  });
  const again = await enter();
  expect(again.contactId).not.toBe(contactId);
});

test("events that wait while their contact is deleted end with the reason on record", async () => {
  const { flowId } = await enter();
  await stopEngine();
  await engine.record({ name: "paid", identity: { email: "late@example.com" }, payload: { total: 50 } });
  const contact = await getContact(platform, platform.caller, { by: "email", value: "late@example.com" });
  await deleteContact(platform, platform.caller, { id: contact.id });
  const next = await createTestEngine({ sql: database.sql, beside: engine, transport: busy });
  await next.settle();
  await next.stop();
  const { data } = await listEvents(platform, platform.caller, { contactId: contact.id });
  const event = await getEvent(platform, platform.caller, { id: data[0]?.id ?? "" });
  expect(event).toMatchObject({
    pending: false,
    outcomes: [{ flowId, outcome: "not_started", reason: "contact_deleted" }],
  });
});

test("lists runs and messages by what they belong to, newest first, by pages", async () => {
  const { flowId, contactId } = await enter();
  for (const email of ["bea@example.com", "cleo@example.com"])
    await engine.record({ name: "paid", identity: { email }, payload: { total: 30 } });
  await engine.settle();
  const { platform: p, caller } = { platform, caller: platform.caller };
  const first = await listRuns(p, caller, { flowId, limit: 2 });
  const rest = await listRuns(p, caller, { flowId, limit: 2, cursor: first.nextCursor });
  const ids = [...first.data, ...rest.data].map(({ id }) => id);
  expect([first.data.length, rest.data.length, rest.nextCursor, new Set(ids).size]).toEqual([2, 1, null, 3]);
  expect(ids).toEqual([...ids].sort().reverse());
  expect((await listRuns(p, caller, { contactId })).data).toHaveLength(1);
  expect((await listRuns(p, caller, { flowId, status: "completed" })).data).toEqual([]);
  expect((await listMessages(p, caller, { to: "BEA@example.com" })).data).toMatchObject([
    { to: "bea@example.com", flowId },
  ]);
  expect((await listMessages(p, caller, { flowId, status: "deferred" })).data).toHaveLength(3);
  expect((await listMessages(p, caller, { runId: ids[0] })).data).toHaveLength(1);
  await expect(listRuns(p, caller, { flowId: "x" })).rejects.toMatchObject({ code: "invalid_request" });
});

test("explains why a contact is in a flow, came not in, or was never heard of", async () => {
  const { flowId, contactId, runId } = await enter();
  const inside = await explainFlow(platform, platform.caller, { contactId, flowId });
  expect(inside.summary).toContain(`The contact is in the flow: the run ${runId} began`);
  expect(inside).toMatchObject({
    entries: [{ name: "paid", kind: "event", listensTo: ["paid"] }],
    runs: [{ id: runId }],
    admissions: [{ opensAt: "never", times: 1 }],
  });
  await engine.record({ name: "paid", identity: { email: "ada@example.com" }, payload: { total: 20 } });
  await engine.record({ name: "paid", identity: { email: "poor@example.com" }, payload: { total: 5 } });
  await engine.record({ name: "other", identity: { email: "quiet@example.com" } });
  await engine.settle();
  const again = await explainFlow(platform, platform.caller, { contactId, flowId });
  expect(again.facts.join("\n")).toContain("started nothing: the contact may enter only once, and had entered before");
  const refused = await explain("poor@example.com", flowId);
  expect(refused.summary).toContain("the condition of the entry did not hold");
  expect(JSON.stringify(refused.events[0]?.outcomes[0]?.detail)).toContain('"actual":5');
  const silent = await explain("quiet@example.com", flowId);
  expect(silent).toMatchObject({
    summary: "The contact did not enter: none of the events that the flow listens to (paid) is on record for it.",
    events: [],
    runs: [],
    admissions: [],
  });
  await expect(explainFlow(platform, platform.caller, { contactId: newId(), flowId })).rejects.toMatchObject({
    code: "contact_not_found",
  });
  await expect(explainFlow(platform, platform.caller, { contactId, flowId: "0" })).rejects.toMatchObject({
    code: "flow_not_found",
  });
});

async function explain(email: string, flowId: string) {
  const { id } = await getContact(platform, platform.caller, { by: "email", value: email });
  return explainFlow(platform, platform.caller, { contactId: id, flowId });
}

test("a held or unknown message can be sent again or cancelled, any other cannot", async () => {
  const { runId } = await enter();
  const [message] = (await listMessages(platform, platform.caller, { runId })).data;
  const id = message?.id ?? "";
  await expect(settleMessage(platform, platform.caller, { id, action: "resend" })).rejects.toMatchObject({
    code: "invalid_state",
    detail: { status: "deferred" },
  });
  await stopEngine();
  await database.sql`update message set status = 'held', reason = 'suppressed' where id = ${id}`;
  await database.sql`update outbox set due_at = '9999-12-31', leased_by = null, attempt = 3 where message_id = ${id}`;
  expect(await settleMessage(platform, platform.caller, { id, action: "resend" })).toMatchObject({
    status: "queued",
    reason: "resent_by_request",
  });
  expect([...(await database.sql`select attempt, due_at from outbox where message_id = ${id}`)]).toEqual([
    { attempt: 0, due_at: platform.now() },
  ]);
  await database.sql`update message set status = 'unknown' where id = ${id}`;
  expect(await settleMessage(platform, platform.caller, { id, action: "cancel" })).toMatchObject({
    status: "cancelled",
  });
  expect(await database.sql`select 1 from outbox where message_id = ${id}`).toHaveLength(0);
  expect((await getMessage(platform, platform.caller, { id })).events.at(-1)).toMatchObject({
    type: "cancelled",
    detail: { by: "test" },
  });
});

test("a message whose content is no longer stored cannot be sent again, and says so", async () => {
  const { runId } = await enter();
  const id = (await listMessages(platform, platform.caller, { runId })).data[0]?.id ?? "";
  await stopEngine();
  await database.sql`delete from outbox where message_id = ${id}`;
  await database.sql`update message set status = 'unknown' where id = ${id}`;
  await expect(settleMessage(platform, platform.caller, { id, action: "resend" })).rejects.toMatchObject({
    code: "invalid_state",
  });
});

test("nothing of another workspace is found", async () => {
  const { runId, contactId, flowId } = await enter();
  const id = (await listMessages(platform, platform.caller, { runId })).data[0]?.id ?? "";
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  await expect(getRun(platform, other, { id: runId })).rejects.toMatchObject({ code: "run_not_found" });
  await expect(actOnRun(platform, other, { id: runId, action: { kind: "cancel" } })).rejects.toMatchObject({
    code: "run_not_found",
  });
  await expect(getMessage(platform, other, { id })).rejects.toMatchObject({ code: "message_not_found" });
  await expect(deleteContact(platform, other, { id: contactId })).rejects.toMatchObject({ code: "contact_not_found" });
  expect((await listRuns(platform, other, { flowId })).data).toEqual([]);
  expect((await listMessages(platform, other, { contactId })).data).toEqual([]);
  expect((await listEvents(platform, other, { contactId })).data).toEqual([]);
});
