import { afterAll, beforeAll, expect, test } from "vitest";
import type { EventInput } from "../core/event-input.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { recordEvents } from "./accept-events.ts";
import { getEvent, listEvents } from "./events.ts";
import { createFlow } from "./flows.ts";
import { newId } from "./new-id.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const good = (name = "ok", email = "Ada@Example.com"): EventInput => ({ name, contact: { email } });
const bad: EventInput = { name: "bad", contact: { email: "nobody" } };
const stored = async (name: string) => (await listEvents(platform, platform.caller, { name })).data;

test("records events for contacts in their normal form, and shows why they met no flow", async () => {
  const { results } = await recordEvents(platform, platform.caller, {
    events: [{ ...good("plain"), payload: { total: 1 }, occurredAt: new Date("2026-02-01T00:00:00Z") }],
    client: { ip: "192.0.2.1" },
  });
  expect(results).toMatchObject([{ status: "accepted", contactCreated: true, listened: false }]);
  const [result] = results;
  const eventId = result?.status === "accepted" ? result.eventId : "";
  expect(await getEvent(platform, platform.caller, { id: eventId })).toMatchObject({
    name: "plain",
    payload: { total: 1 },
    occurredAt: new Date("2026-02-01T00:00:00Z"),
    acceptedAt: platform.now(),
    client: { ip: "192.0.2.1" },
    target: null,
    queued: false,
    reason: "no_flow_listens",
    outcomes: [],
    pending: false,
  });
});

test("one broken event refuses all of a request, and names itself", async () => {
  const attempt = recordEvents(platform, platform.caller, { events: [good("whole"), bad] });
  await expect(attempt).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "events[1].contact.email" }],
  });
  const one = recordEvents(platform, platform.caller, { events: [bad], path: "" });
  await expect(one).rejects.toMatchObject({ issues: [{ path: "contact.email" }] });
  expect(await stored("whole")).toEqual([]);
});

test("with partial each event stands for itself, in the order given", async () => {
  const { results } = await recordEvents(platform, platform.caller, {
    events: [bad, good("part"), bad, good("part", "bea@example.com")],
    partial: true,
  });
  expect(results.map(({ status }) => status)).toEqual(["refused", "accepted", "refused", "accepted"]);
  expect(results[2]).toMatchObject({ issues: [{ path: "events[2].contact.email" }] });
  expect((await stored("part")).map(({ id }) => id)).toEqual(
    expect.arrayContaining(results.flatMap((result) => (result.status === "accepted" ? [result.eventId] : []))),
  );
  expect(await recordEvents(platform, platform.caller, { events: [bad], partial: true })).toMatchObject({
    results: [{ status: "refused" }],
    replayed: false,
  });
});

test("a repeat of a request with refused events is answered the same", async () => {
  const input = { events: [bad, good("again")], partial: true, idempotency: { key: "k", hash: "ab".repeat(32) } };
  const first = await recordEvents(platform, platform.caller, input);
  expect(await recordEvents(platform, platform.caller, input)).toEqual({ ...first, replayed: true });
  expect(await stored("again")).toHaveLength(1);
});

test("an event meant for a flow needs one of this workspace", async () => {
  const { id } = await createFlow(platform, platform.caller, { definition: { name: "Target" } });
  expect(
    (await recordEvents(platform, platform.caller, { events: [{ ...good(), flowId: id, entry: "in" }] })).results,
  ).toMatchObject([{ status: "accepted" }]);
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  for (const [caller, flowId] of [
    [platform.caller, newId()],
    [platform.caller, "x"],
    [other, id],
  ] as const) {
    await expect(recordEvents(platform, caller, { events: [{ ...good(), flowId }] })).rejects.toMatchObject({
      code: "invalid_request",
      issues: [{ path: "events[0].flowId" }],
    });
  }
  await expect(recordEvents(platform, platform.caller, { events: [{ ...good(), entry: "in" }] })).rejects.toMatchObject(
    { issues: [{ path: "events[0].entry" }] },
  );
});

test("lists events by contact and time, newest first, by pages", async () => {
  platform.setNow(new Date("2026-03-05T00:00:00Z"));
  const { results } = await recordEvents(platform, platform.caller, {
    events: [good("l1", "list@example.com"), good("l2", "list@example.com")],
  });
  platform.setNow(new Date("2026-03-06T00:00:00Z"));
  await recordEvents(platform, platform.caller, { events: [good("l3", "list@example.com")] });
  const contactId = results[0]?.status === "accepted" ? results[0].contactId : "";
  const names = async (query: Parameters<typeof listEvents>[2]) =>
    (await listEvents(platform, platform.caller, { contactId, ...query })).data.map(({ name }) => name);
  expect(await names({})).toEqual(["l3", "l2", "l1"]);
  expect(await names({ since: new Date("2026-03-06T00:00:00Z") })).toEqual(["l3"]);
  expect(await names({ until: new Date("2026-03-06T00:00:00Z") })).toEqual(["l2", "l1"]);
  const page = await listEvents(platform, platform.caller, { contactId, limit: 2 });
  expect(await names({ limit: 2, cursor: page.nextCursor })).toEqual(["l1"]);
});

test.each(["x", newId()])("there is no event %s", async (id) => {
  await expect(getEvent(platform, platform.caller, { id })).rejects.toMatchObject({ code: "event_not_found" });
});

test("needs the scope", async () => {
  const reader = { ...platform.caller, scopes: new Set(["events:read"]) };
  await expect(recordEvents(platform, reader, { events: [good()] })).rejects.toMatchObject({ code: "forbidden" });
});
