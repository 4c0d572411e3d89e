import { afterAll, beforeAll, expect, test } from "vitest";
import type { JsonObject } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { definitionOf } from "../testing/flow-fixture.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { dryRunFlow } from "./dry-run-flow.ts";
import { createFlow } from "./flows.ts";
import { setMembership } from "./list-members.ts";
import { createList } from "./lists.ts";
import { publishFlow } from "./publish-flow.ts";
import { simulateFlow } from "./simulate-flow.ts";
import { upsertContact } from "./upsert-contact.ts";

let database: TestDatabase;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const mail = {
  kind: "send-email",
  config: { subject: "Hi {{ contact.name }}", html: "<p>Hi</p>" },
  exits: { next: null },
};
const branch = (goes: string) => ({
  which: {
    kind: "condition",
    config: { paths: [{ name: "gold", when: { field: "contact.plan", operator: "is", value: "gold" } }] },
    exits: { gold: goes, else: null },
  },
  mail,
});
const make = async (definition: JsonObject) => (await createFlow(platform, platform.caller, { definition })).id;
const ask = (id: string, input: object = {}) => simulateFlow(platform, platform.caller, { id, ...input });
const dryRun = (id: string, input: object = {}) => dryRunFlow(platform, platform.caller, { id, ...input });
const rows = async () => {
  const [counted] = await database.sql`
    select (select count(*) from event)::int as events, (select count(*) from run)::int as runs, (select count(*) from message)::int as messages,
           (select count(*) from outbox)::int as outbox, (select count(*) from event_outcome)::int as outcomes`;
  return counted;
};

async function contact(email: string, plan: string): Promise<string> {
  const { contact: made } = await upsertContact(platform, platform.caller, { email, properties: { plan, name: plan } });
  return made.id;
}

test("plays the draft over given events, and stores nothing", async () => {
  const id = await make(definitionOf(branch("mail")));
  const before = await rows();
  const events = [
    { name: "go", contact: { email: "ada@example.com", properties: { plan: "gold" } }, at: "2026-03-01T10:00:00Z" },
  ];
  const { contacts, counts } = await ask(id, { events });
  expect(contacts).toMatchObject([{ path: ["which:gold", "mail:next"], messages: [{ to: "ada@example.com" }] }]);
  expect(counts).toMatchObject([{ flowId: id, version: 1, started: 1 }]);
  expect(await rows()).toEqual(before);
});

test("plays a version, and not what the draft has become", async () => {
  const id = await make(definitionOf(branch("mail")));
  await publishFlow(platform, platform.caller, { id });
  await publishFlow(platform, platform.caller, { id, definition: definitionOf({ mail }) });
  const events = [{ name: "go", contact: "ada" }];
  expect((await ask(id, { events, version: 1 })).contacts[0]?.path).toEqual(["which:else"]);
  expect((await ask(id, { events, version: 2 })).contacts[0]?.path).toEqual(["mail:next"]);
  await expect(ask(id, { events, version: 3 })).rejects.toMatchObject({ code: "flow_version_not_found" });
});

test("plays events on record, for their contacts as they are now", async () => {
  const id = await make(definitionOf(branch("mail")));
  const gold = await contact("gold@example.com", "gold");
  const free = await contact("free@example.com", "free");
  for (const email of ["gold@example.com", "free@example.com"])
    await platform.recorder.add({
      workspaceId: platform.workspaceId,
      events: [
        { name: "go", identity: { email }, payload: {}, occurredAt: null, source: "test", client: null, target: null },
      ],
    });
  const all = await ask(id, { recorded: { last: 2 } });
  expect(all.contacts.map(({ id: contactId, path }) => [contactId, path])).toEqual(
    expect.arrayContaining([
      [gold, ["which:gold", "mail:next"]],
      [free, ["which:else"]],
    ]),
  );
  const { contacts } = await ask(id, { recorded: { contactId: free, last: 10 } });
  expect(contacts.map(({ email }) => email)).toEqual(["free@example.com"]);
});

test("refuses a flow that cannot run, and a story that makes no sense, with all of their problems", async () => {
  const broken = await make({ ...definitionOf(branch("nowhere")), exitWhen: [{}] });
  await expect(ask(broken, { events: [] })).rejects.toMatchObject({
    code: "invalid_flow",
    issues: expect.arrayContaining([expect.objectContaining({ path: expect.stringMatching(/^exitWhen/) })]),
  });
  const id = await make(definitionOf(branch("mail")));
  await expect(ask(id, { events: [{ name: "go" }] })).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "events[0].contact" }],
  });
  await expect(ask(id, { events: Array.from({ length: 1001 }, () => ({})) })).rejects.toMatchObject({
    code: "invalid_request",
  });
  await expect(ask(id, { events: [{}], recorded: { last: 2000 } })).rejects.toMatchObject({ issues: [{}, {}] });
});

test("a key sees flows of its own workspace only, and records only with the scopes for them", async () => {
  const id = await make(definitionOf(branch("mail")));
  const foreign = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  await expect(simulateFlow(platform, foreign, { id })).rejects.toMatchObject({ code: "flow_not_found" });
  const reader = { ...platform.caller, scopes: new Set(["flows:read"]) };
  await expect(simulateFlow(platform, reader, { id, recorded: { last: 1 } })).rejects.toMatchObject({
    code: "forbidden",
  });
  await expect(dryRunFlow(platform, reader, { id, listId: id })).rejects.toMatchObject({ code: "forbidden" });
  const writer = { ...platform.caller, scopes: new Set(["flows:write"]) };
  await expect(simulateFlow(platform, writer, { id })).rejects.toMatchObject({ code: "forbidden" });
});

test("a dry run counts the ways of those for whom a condition holds, or who are in a list", async () => {
  const id = await make(definitionOf(branch("mail")));
  const list = await createList(platform, platform.caller, { name: "Dry" });
  for (const [index, plan] of ["gold", "gold", "free"].entries()) {
    const contactId = await contact(`dry${index}@example.com`, plan);
    await setMembership(platform, platform.caller, { listId: list.id, contactId, state: "subscribed" });
  }
  await database.sql`
    insert into suppression (workspace_id, channel, address, reason, source, created_at)
    values (${platform.workspaceId}, 'email', 'dry0@example.com', 'bounced', 'test', now())`;
  const before = await rows();
  const whole = await dryRun(id, { listId: list.id });
  expect(whole).toMatchObject({
    contacts: 3,
    isCut: false,
    counts: { started: 3, completed: 3, exits: { which: { gold: 2, else: 1 } }, messages: { mail: 1 } },
  });
  expect(await dryRun(id, { listId: list.id, limit: 2 })).toMatchObject({ contacts: 2, isCut: true });
  const where = { field: "contact.plan", operator: "is", value: "free" };
  expect(await dryRun(id, { listId: list.id, where })).toMatchObject({ contacts: 1, counts: { messages: {} } });
  expect(await rows()).toEqual(before);
});

test("a dry run says how many do not come in, and takes a share that is always the same", async () => {
  const where = { field: "contact.plan", operator: "is", value: "gold" };
  const entries = { begin: { kind: "event", config: { event: "go", where }, next: "mail" } };
  const id = await make(definitionOf({ mail }, { entries }));
  const everybody = { field: "contact.email", operator: "exists" };
  const all = await dryRun(id, { where: everybody });
  expect(all.notStarted["condition_not_met"]).toBe(all.contacts - all.counts.started);
  const some = await dryRun(id, { where: everybody, share: 0.5 });
  expect(some.contacts).toBeLessThanOrEqual(all.contacts);
  expect(await dryRun(id, { where: everybody, share: 0.5 })).toEqual(some);
});

test.each([
  [{}, ""],
  [{ listId: "x" }, "listId"],
  [{ where: { field: "event.x", operator: "exists" } }, "where"],
  [{ where: { field: "contact.x", operator: "exists" }, limit: 0 }, "limit"],
  [{ where: { field: "contact.x", operator: "exists" }, share: 2 }, "share"],
  [{ where: { field: "contact.x", operator: "exists" }, entry: "none" }, "entry"],
  [{ where: { field: "contact.x", operator: "exists" }, answers: 5 }, "answers"],
])("a dry run refuses %j", async (input, path) => {
  const id = await make(definitionOf(branch("mail")));
  await expect(dryRun(id, input)).rejects.toMatchObject({ code: "invalid_request", issues: [{ path }] });
});
