import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { laneCount } from "../core/id.ts";
import type { JsonObject } from "../core/json.ts";
import { explainFlow } from "../operations/explain-flow.ts";
import { setMembership } from "../operations/list-members.ts";
import { createList } from "../operations/lists.ts";
import { recordInboundMessage } from "../operations/record-inbound-message.ts";
import { recordMessageEvent } from "../operations/record-message-event.ts";
import { createSegment } from "../operations/segments.ts";
import { upsertContact } from "../operations/upsert-contact.ts";
import { insertEvents } from "../storage/events.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestEngine, type TestEngine } from "../testing/engine.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";

let database: TestDatabase;
let engine: TestEngine;
let platform: TestPlatform;
let list: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  engine = await createTestEngine({ sql: database.sql });
  platform = await createTestPlatform(database.sql, { workspaceId: engine.workspaceId });
  list = (await createList(platform, platform.caller, { name: "News" })).id;
  return () => engine.stop();
});
afterAll(() => database.drop());

const done = { done: { kind: "end", config: {} } };
const upsert = (input: Parameters<typeof upsertContact>[2]) => upsertContact(platform, platform.caller, input);
const ada = { email: "ada@example.com" };

/** A flow that begins by one entry and ends at once, or does `steps`. */
function begin(kind: string, config: JsonObject, steps: JsonObject = done): Promise<string> {
  const [first = ""] = Object.keys(steps);
  return engine.publish(definitionOf(steps, { entries: { in: { kind, config, next: first } } }));
}

/** Lets the engine do what operations of the other platform have put in line. */
async function settle(): Promise<void> {
  engine.engine.signal(Array.from({ length: laneCount }, (_, lane) => lane));
  await engine.settle();
}

async function started(flowId: string): Promise<number> {
  await settle();
  const [row] = await database.sql`select count(*)::int from run where flow_id = ${flowId}`;
  return row?.["count"] as number;
}

async function reasons(flowId: string): Promise<(string | null)[]> {
  const rows = await database.sql`select reason from event_outcome where flow_id = ${flowId} order by event_id`;
  return rows.map((row) => row["reason"]);
}

test("a property that changes starts a flow, by whatever way; what it changes from and to decides", async () => {
  const any = await begin("property-changed", { property: "plan" });
  const toGold = await begin("property-changed", { property: "plan", from: "free", to: "gold" });
  await engine.record({ name: "seen", properties: { plan: "free" } });
  await engine.record({ name: "seen", properties: { plan: "free" } });
  await upsert({ ...ada, properties: { plan: "gold" } });
  expect([await started(any), await started(toGold)]).toEqual([2, 1]);
  expect(await reasons(toGold)).toEqual(["other_value_before", null]);
});

test("a property that is set again starts a flow only where the entry says so", async () => {
  const changed = await begin("property-changed", { property: "plan" });
  const again = await begin("property-changed", { property: "plan", alsoWhenSetAgain: true });
  for (const plan of ["gold", "gold", "gold", null, null]) await engine.record({ name: "seen", properties: { plan } });
  expect([await started(changed), await started(again)]).toEqual([2, 4]);
});

test("tags added and removed start flows", async () => {
  const added = await begin("tag-changed", { tag: "vip", change: "added" });
  const removed = await begin("tag-changed", { tag: "vip", change: "removed" });
  await upsert({ ...ada, addTags: ["vip"] });
  await upsert({ ...ada, addTags: ["vip", "other"] });
  await upsert({ ...ada, removeTags: ["vip"] });
  expect([await started(added), await started(removed)]).toEqual([1, 1]);
});

test("lists joined and left start flows, also when a flow does it, and not when the contact was in already", async () => {
  const joined = await begin("list-changed", { list, change: "joined" });
  const left = await begin("list-changed", { list, change: "left" });
  const join = { join: { kind: "update-contact", config: { joinLists: [list] }, exits: { next: null } } };
  await begin("event", { event: "join" }, join);
  await engine.record({ name: "join" });
  expect(await started(joined)).toBe(1);
  await engine.record({ name: "join" });
  await engine.record({ name: "seen", joinList: list });
  expect([await started(joined), await started(left)]).toEqual([1, 0]);
  const { contact } = await upsert(ada);
  const membership = { listId: list, contactId: contact.id };
  await setMembership(platform, platform.caller, { ...membership, state: "unsubscribed" });
  await setMembership(platform, platform.caller, { ...membership, state: "subscribed" });
  expect([await started(joined), await started(left)]).toEqual([2, 1]);
});

test("a segment entered starts a flow, and one that was redefined only where the entry says so", async () => {
  const segment = "0190a000-0000-7000-8000-0000000000bb";
  const strict = await begin("segment-changed", { segment, change: "entered" });
  const all = await begin("segment-changed", { segment, change: "entered", alsoWhenRedefined: true });
  const { contact } = await upsert(ada);
  const lane = Number.parseInt(contact.id.slice(-2), 16) % laneCount;
  for (const [index, cause] of ["change", "definition"].entries())
    await insertEvents(database.sql, [
      {
        ...{ lane, contactId: contact.id, id: `${contact.id.slice(0, -4)}0${index}${contact.id.slice(-2)}` },
        ...{ workspaceId: engine.workspaceId, name: `$segment-entered:${segment}`, payload: { segment, cause } },
        ...{ occurredAt: platform.now(), acceptedAt: platform.now(), source: "segment", client: null },
        ...{ targetFlowId: null, targetEntry: null, queued: true },
      },
    ]);
  expect([await started(strict), await started(all)]).toEqual([1, 2]);
  expect(await reasons(strict)).toContain("segment_redefined");
});

const mail = (next: string | null = null) => ({
  mail: { kind: "send-email", config: { subject: "Hi", html: "<p>Hi</p>" }, exits: { next } },
});

test("what becomes of a message starts flows: that it was sent, opened, and which link was clicked", async () => {
  const flow = await begin("event", { event: "go" }, mail());
  const sent = await begin("message-event", { event: "sent", flow, step: "mail" });
  const opened = await begin("message-event", { event: "opened", channel: "email" });
  const clicked = await begin("message-event", { event: "clicked", link: "https://shop.example/sale*" });
  await engine.record({ name: "go" });
  expect(await started(sent)).toBe(1);
  const [message] = await database.sql`select id from message where flow_id = ${flow}`;
  const report = { id: message?.["id"] as string };
  const record = (event: { type: "opened" | "clicked"; link?: string }) =>
    recordMessageEvent(platform, platform.caller, { ...report, ...event });
  expect(await record({ type: "opened" })).toMatchObject({ listened: true });
  await record({ type: "clicked", link: "https://shop.example/other" });
  await record({ type: "clicked", link: "https://shop.example/sale?x=1" });
  expect([await started(opened), await started(clicked)]).toEqual([1, 1]);
  expect((await reasons(clicked)).sort()).toEqual([null, "other_link"].sort());
  const [event] =
    await database.sql`select payload from event where name = '$message-clicked' order by id desc limit 1`;
  expect(event?.["payload"]).toEqual({
    ...{ message: report.id, channel: "email", flow, step: "mail", link: "https://shop.example/sale?x=1" },
  });
});

test("a flow that mails when its mail was sent is stopped by the loop guard", async () => {
  const flow = await begin("message-event", { event: "sent" }, mail());
  await begin("event", { event: "go" }, mail());
  await engine.record({ name: "go" });
  expect(await started(flow)).toBe(10);
  expect(await reasons(flow)).toContain("loop_guard");
});

test("a message from a contact starts flows by its words, and makes the contact", async () => {
  const stop = await begin("inbound-message", { keywords: ["stop"], channel: "whatsapp" });
  const any = await begin("inbound-message", {});
  const say = (text: string, idempotency?: { key: string; hash: string }) =>
    recordInboundMessage(platform, platform.caller, {
      channel: "whatsapp",
      from: "+39 333 123 4567",
      text,
      idempotency,
    });
  const key = { key: "m-1", hash: "ab".repeat(32) };
  const first = await say(" Stop ", key);
  expect(first).toMatchObject({ contactCreated: true, listened: true, replayed: false });
  expect(await say(" Stop ", key)).toEqual({ ...first, replayed: true });
  await say("hello");
  expect([await started(stop), await started(any)]).toEqual([1, 2]);
  expect((await reasons(stop)).sort()).toEqual([null, "no_keyword"].sort());
});

test("a change that a flow makes reaches the contact's other runs, and those of an earlier pass", async () => {
  const wait = { wait: { kind: "wait", config: { for: { amount: 9, unit: "days" } }, exits: { next: null } } };
  const definition = definitionOf(wait, {
    exitWhen: [{ when: { field: "contact.plan", operator: "is", value: "gold" } }],
  });
  const waiting = await engine.publish(definition);
  const set = { kind: "update-contact", config: { properties: { plan: "gold" } }, exits: { next: null } };
  const pause = { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "set" } };
  await begin("event", { event: "go" }, { pause, set });
  await engine.record({ name: "go" });
  await settle();
  await engine.advanceTo(new Date("2026-03-01T11:00:00Z"));
  const [run] = await database.sql`select status, reason from run where flow_id = ${waiting}`;
  expect(run).toMatchObject({ status: "exited", reason: "exit_rule_0" });
});

test("a change from outside wakes runs that look at the contact", async () => {
  const wait = { wait: { kind: "wait", config: { for: { amount: 9, unit: "days" } }, exits: { next: null } } };
  const exitWhen = [{ when: { field: "contact.tags", operator: "includes", value: "vip" } }];
  const flow = await engine.publish(definitionOf(wait, { exitWhen }));
  await engine.record({ name: "go" });
  await settle();
  await upsert({ ...ada, addTags: ["vip"] });
  await settle();
  const [run] = await database.sql`select status from run where flow_id = ${flow}`;
  expect(run?.["status"]).toBe("exited");
});

test("a broadcast: of 1,000 contacts whose property is set, those start the flow for whom it is another", async () => {
  const flow = await begin("property-changed", { property: "campaign", to: "spring" });
  const emails = Array.from({ length: 1000 }, (_, index) => `c${index}@broadcast.example`);
  const had = (index: number) => (index % 4 === 0 ? "spring" : index % 4 === 1 ? "winter" : null);
  const seed = emails.map((email, index) => ({ email, campaign: had(index) })).filter(({ campaign }) => campaign);
  await engine.record(
    ...seed.map(({ email, campaign }) => ({ name: "seed", identity: { email }, properties: { campaign } })),
  );
  const before = await started(flow);
  expect(before).toBe(250);
  await engine.record(
    ...emails
      .slice(0, 900)
      .map((email) => ({ name: "campaign.set", identity: { email }, properties: { campaign: "spring" } })),
  );
  for (const email of emails.slice(900)) await upsert({ email, properties: { campaign: "spring" } });
  expect(await started(flow)).toBe(1000);
  const [twice] = await database.sql`
    select count(*)::int from (select contact_id from run where flow_id = ${flow} group by contact_id having count(*) > 1) t`;
  expect(twice?.["count"]).toBe(0);
  const rows = await database.sql`
    select c.email from run r join contact c on c.id = r.contact_id where r.flow_id = ${flow} and r.event->>'before' = 'winter'`;
  expect(rows.map((row) => row["email"]).sort()).toEqual(emails.filter((_, index) => had(index) === "winter").sort());
});

test("explains in words why a change started nothing", async () => {
  const flow = await begin("property-changed", { property: "plan", to: "gold" });
  const { contact } = await upsert({ ...ada, properties: { plan: "silver" } });
  await settle();
  const { summary } = await explainFlow(platform, platform.caller, { contactId: contact.id, flowId: flow });
  expect(summary).toBe(
    "The contact did not enter: A change of the property plan at 2026-03-01T10:00:00.000Z started nothing: the property did not get the value that the entry asks for.",
  );
});

test("an explanation calls lists and segments by their names", async () => {
  const definition = { field: "contact.plan", operator: "is", value: "gold" };
  const segment = await createSegment(platform, platform.caller, { name: "Good customers", definition });
  const flow = await begin("segment-changed", { segment: segment.id, change: "entered" });
  const { contact } = await upsert(ada);
  const { facts } = await explainFlow(platform, platform.caller, { contactId: contact.id, flowId: flow });
  expect(facts).toContain('The entry "in" listens to the segment "Good customers" entered.');
  const joined = await begin("list-changed", { list, change: "joined" });
  const { facts: ofList } = await explainFlow(platform, platform.caller, { contactId: contact.id, flowId: joined });
  expect(ofList).toContain('The entry "in" listens to the list "News" joined.');
});
