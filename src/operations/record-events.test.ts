import { afterAll, beforeAll, expect, test } from "vitest";
import type { IdentityKind } from "../core/contact.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { findStrayIdentities } from "../testing/stray-identities.ts";
import { deleteContact } from "./delete-contact.ts";
import { createFlow } from "./flows.ts";
import { getContact } from "./get-contact.ts";
import type { EventRequest, IncomingEvent } from "./incoming-event.ts";
import { publishFlow } from "./publish-flow.ts";
import { createEventRecorder } from "./record-events.ts";
import { upsertContact } from "./upsert-contact.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

type Identity = Partial<Record<IdentityKind, string>>;

function eventOf(identity: Identity, changes: Partial<IncomingEvent> = {}): IncomingEvent {
  return {
    name: "order.paid",
    identity,
    payload: {},
    occurredAt: null,
    source: "test",
    client: null,
    target: null,
    ...changes,
  };
}

async function record(events: IncomingEvent[], more: Partial<EventRequest> = {}) {
  return platform.recorder.add({ workspaceId: platform.workspaceId, events, ...more });
}

const contactOf = (by: IdentityKind, value: string) => getContact(platform, platform.caller, { by, value });
const countOf = async (name: string) => (await database.sql`select 1 from event where name = ${name}`).length;
const hash = "ab".repeat(32);

test("stores an event and its new contact, and says so", async () => {
  const { events, replayed } = await record([
    eventOf({ email: "new@events.example" }, { payload: { total: 12.5 }, properties: { plan: "gold" } }),
  ]);
  expect(events).toMatchObject([{ contactCreated: true, listened: false }]);
  expect(replayed).toBe(false);
  const contact = await contactOf("email", "new@events.example");
  expect(contact).toMatchObject({ id: events[0]?.contactId, properties: { plan: "gold" } });
  const stored =
    await database.sql`select payload, queued, accepted_at from event where id = ${events[0]?.eventId ?? ""}`;
  expect([...stored]).toEqual([{ payload: { total: 12.5 }, queued: false, accepted_at: platform.now() }]);
});

test("events of one request that name the same new contact make one contact", async () => {
  const { events } = await record([
    eventOf({ email: "one@same.example" }),
    eventOf({ email: "one@same.example", phone: "+393330000001" }),
    eventOf({ phone: "+393330000001" }),
  ]);
  expect(new Set(events.map(({ contactId }) => contactId)).size).toBe(1);
  expect(events.map(({ contactCreated }) => contactCreated)).toEqual([true, false, false]);
  expect(await contactOf("phone", "+393330000001")).toMatchObject({ email: "one@same.example" });
});

test("where two identities mean two contacts the external id wins, and each keeps what it has", async () => {
  const [one] = (await record([eventOf({ externalId: "first" })])).events;
  const [two] = (await record([eventOf({ email: "second@two.example" })])).events;
  const [both] = (await record([eventOf({ externalId: "first", email: "second@two.example" })])).events;
  expect(both?.contactId).toBe(one?.contactId);
  expect(await contactOf("email", "second@two.example")).toMatchObject({ id: two?.contactId, externalId: null });
  expect(await contactOf("externalId", "first")).toMatchObject({ email: null });
});

test("fills an identity that the contact lacks, and never replaces one", async () => {
  await record([eventOf({ externalId: "filler" })]);
  await record([eventOf({ externalId: "filler", email: "filled@fill.example" })]);
  await record([eventOf({ externalId: "filler", email: "other@fill.example" })]);
  expect(await contactOf("externalId", "filler")).toMatchObject({ email: "filled@fill.example" });
  await expect(contactOf("email", "other@fill.example")).rejects.toMatchObject({ code: "contact_not_found" });
});

test("two events of one batch with different e-mails for one contact fill it once", async () => {
  await record([eventOf({ externalId: "twice" })]);
  await record([
    eventOf({ externalId: "twice", email: "t1@fill.example" }),
    eventOf({ externalId: "twice", email: "t2@fill.example" }),
  ]);
  await record([
    eventOf({ externalId: "newborn", email: "n1@fill.example" }),
    eventOf({ externalId: "newborn", email: "n2@fill.example" }),
  ]);
  expect(await contactOf("externalId", "twice")).toMatchObject({ email: "t1@fill.example" });
  expect(await contactOf("externalId", "newborn")).toMatchObject({ email: "n1@fill.example" });
  expect([...(await findStrayIdentities(database.sql))]).toEqual([]);
});

test("an e-mail that was not taken up belongs to nobody, within the same batch too", async () => {
  await record([eventOf({ externalId: "owner", email: "own@alone.example" })]);
  const { events } = await record([
    eventOf({ externalId: "owner", email: "free@alone.example" }),
    eventOf({ email: "free@alone.example" }),
  ]);
  expect(events.map(({ contactCreated }) => contactCreated)).toEqual([false, true]);
});

test("an identity that was nobody's when an event named it is looked up again for the next", async () => {
  const { caller } = platform;
  const both = { email: "later@own.example", phone: "+393330000099" };
  await record([eventOf({ email: "earlier@own.example", phone: both.phone })]);
  const [first] = (await record([eventOf(both)])).events;
  expect(first).toMatchObject({ contactId: (await contactOf("phone", both.phone)).id });
  const { id } = (await upsertContact(platform, caller, { email: both.email })).contact;
  const [second] = (await record([eventOf(both)])).events;
  expect(second?.contactId).toBe(id);
});

test("lays properties over the contact's, in the order of events, and null removes", async () => {
  const identity = { externalId: "props" };
  await record([
    eventOf(identity, { properties: { a: 1, b: 1 } }),
    eventOf(identity, { properties: { b: null, c: 1 } }),
  ]);
  expect((await contactOf("externalId", "props")).properties).toEqual({ a: 1, c: 1 });
  await record([
    eventOf(identity, { properties: { a: null, d: 1 } }),
    eventOf(identity, { properties: { a: 2, d: null } }),
  ]);
  expect((await contactOf("externalId", "props")).properties).toEqual({ a: 2, c: 1 });
});

test("a repeat with the same key and hash is answered as the first was, and stores nothing", async () => {
  const request = { idempotency: { key: "k1", hash } };
  const event = eventOf({ email: "repeat@events.example" }, { name: "repeated" });
  const first = await record([event], request);
  expect(await record([event], request)).toEqual({ events: first.events, settled: [], replayed: true });
  expect(await countOf("repeated")).toBe(1);
});

test("a key used with another body is refused, and nothing is stored", async () => {
  const event = eventOf({ email: "reused@events.example" }, { name: "reused" });
  await record([event], { idempotency: { key: "k2", hash } });
  const attempt = record([event], { idempotency: { key: "k2", hash: "cd".repeat(32) } });
  await expect(attempt).rejects.toMatchObject({ code: "idempotency_key_reused" });
  expect(await countOf("reused")).toBe(1);
});

test("the same key in another workspace is another key", async () => {
  const workspaceId = await createTestWorkspace(database.sql);
  const event = eventOf({ email: "both@events.example" }, { name: "in both" });
  await record([event], { idempotency: { key: "k3", hash } });
  expect((await record([event], { workspaceId, idempotency: { key: "k3", hash } })).replayed).toBe(false);
});

test("repeats that arrive together, in one batch and from two processes, store one event", async () => {
  const other = createEventRecorder({
    sql: database.sql,
    flows: platform.flows,
    now: platform.now,
    onWork: () => undefined,
  });
  const request = {
    workspaceId: platform.workspaceId,
    events: [eventOf({ email: "together@events.example" }, { name: "together" })],
    idempotency: { key: "k4", hash },
  };
  const receipts = await Promise.all(
    Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? platform.recorder : other).add({ ...request })),
  );
  for (const { events } of receipts) expect(events).toEqual(receipts[0]?.events);
  expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
  expect(await countOf("together")).toBe(1);
});

test("a contact that was known and then deleted is made anew, and one whose e-mail changed is not taken for it", async () => {
  const { caller } = platform;
  const identity = { email: "known@gone.example" };
  const [first] = (await record([eventOf(identity)])).events;
  await deleteContact(platform, caller, { id: first?.contactId ?? "" });
  const [second] = (await record([eventOf(identity), eventOf({ email: "beside@gone.example" })])).events;
  expect(second).toMatchObject({ contactCreated: true });
  await upsertContact(platform, caller, { id: second?.contactId ?? "", email: "moved@gone.example" });
  const [third] = (await record([eventOf(identity)])).events;
  expect(third).toMatchObject({ contactCreated: true });
  expect(new Set([first, second, third].map((event) => event?.contactId)).size).toBe(3);
  expect([...(await findStrayIdentities(database.sql))]).toEqual([]);
});

test("an identity that somebody else took is noticed however long it was known, and while many are taken no event is refused", async () => {
  const { sql, caller, workspaceId, flows } = platform;
  let at = platform.now();
  const recorder = createEventRecorder({ sql, flows, now: () => at, onWork: () => undefined });
  const contactOfNext = async (email: string) => {
    const receipt = await recorder.add({ workspaceId, events: [eventOf({ email }, { name: "trusting" })] });
    return receipt.events[0]?.contactId ?? "";
  };
  const seen = new Set<string>();
  for (const round of [1, 2, 3]) {
    // Past the time in which it is wary, so that it goes by the revision again.
    at = new Date(at.getTime() + 60_000);
    const ids = [await contactOfNext("known@trust.example"), await contactOfNext("known@trust.example")];
    expect(seen.add(ids[0] ?? "").size).toBe(round);
    expect(ids[1]).toBe(ids[0]);
    await deleteContact(platform, caller, { id: ids[0] ?? "" });
  }
  const doomed = await Promise.all(
    Array.from({ length: 30 }, (_, index) => contactOfNext(`doomed-${index}@trust.example`)),
  );
  const stays = await contactOfNext("stays@trust.example");
  const [found] = await Promise.all([
    Promise.all(doomed.map(() => contactOfNext("stays@trust.example"))),
    ...doomed.map((id) => deleteContact(platform, caller, { id })),
  ]);
  expect(new Set(found)).toEqual(new Set([stays]));
  expect([...(await findStrayIdentities(sql))]).toEqual([]);
});

test("two recorders that make the same new contacts at once make each once", async () => {
  const recorders = [0, 1, 2].map(() =>
    createEventRecorder({ sql: database.sql, flows: platform.flows, now: platform.now, onWork: () => undefined }),
  );
  const requests = Array.from({ length: 60 }, (_, index) => {
    const identity =
      index % 2 === 0
        ? { email: `racer-${index % 10}@race.example` }
        : { email: `racer-${index % 10}@race.example`, externalId: `racer-${index % 10}` };
    return recorders[index % 3]?.add({
      workspaceId: platform.workspaceId,
      events: [eventOf(identity, { name: "raced" })],
    });
  });
  await Promise.all(requests);
  expect(await countOf("raced")).toBe(60);
  expect(await database.sql`select 1 from contact where email like 'racer-%'`).toHaveLength(10);
  expect([...(await findStrayIdentities(database.sql))]).toEqual([]);
});

test("recording, changing and deleting the same contacts at once leaves every identity with the contact that shows it", async () => {
  const { sql, caller, workspaceId } = platform;
  const recorders = [0, 1].map(() =>
    createEventRecorder({ sql, flows: platform.flows, now: platform.now, onWork: () => undefined }),
  );
  const acts = Array.from({ length: 150 }, async (_, index) => {
    const externalId = `storm-${index % 4}`;
    const email = `storm-${(index * 5) % 6}@storm.example`;
    if (index % 5 === 3) return upsertContact(platform, caller, { externalId, email });
    if (index % 15 === 4)
      return deleteContact(platform, caller, { id: (await contactOf("externalId", externalId)).id });
    return recorders[index % 2]?.add({
      workspaceId,
      events: [eventOf({ externalId, email }, { name: "stormy", properties: { index } })],
    });
  });
  const outcomes = await Promise.allSettled(acts);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(["identity_taken", "contact_not_found"]).toContain(outcome.reason.code);
  }
  expect([...(await findStrayIdentities(sql))]).toEqual([]);
});

test("events that a flow hears are put in line in the order given, and their lanes are signalled after the commit", async () => {
  const { caller } = platform;
  const flow = await createFlow(platform, caller, {
    definition: {
      schema: 1,
      name: "Listens",
      entries: { in: { kind: "event", config: { event: "heard" }, next: "done" } },
      steps: { done: { kind: "end", config: {} } },
    },
  });
  await publishFlow(platform, caller, { id: flow.id });
  platform.signalled.length = 0;
  const identity = { email: "heard@events.example" };
  const { events } = await record([1, 2, 3].map((number) => eventOf(identity, { name: "heard", payload: { number } })));
  expect(events.map(({ listened }) => listened)).toEqual([true, true, true]);
  const queue = await database.sql<
    { event_id: string; lane: number }[]
  >`select event_id, lane from event_queue where contact_id = ${events[0]?.contactId ?? ""} order by seq`;
  expect(queue.map((row) => row.event_id)).toEqual(events.map(({ eventId }) => eventId));
  expect(platform.signalled).toEqual([queue[0]?.lane]);
});

test("joins the list that an event names", async () => {
  const [list] = await database.sql<
    { id: string }[]
  >`insert into list (id, workspace_id, name, created_at) values (gen_random_uuid(), ${platform.workspaceId}, 'Joined', now()) returning id`;
  await record([eventOf({ externalId: "joiner" }, { joinList: list?.id ?? "" })]);
  expect((await contactOf("externalId", "joiner")).lists).toEqual([{ id: list?.id, state: "subscribed" }]);
});
