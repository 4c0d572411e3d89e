import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { eventAddress, requireEventAt, requireEventByName } from "./event-catalog.ts";
import {
  changeEventDefinition,
  createEventDefinition,
  deleteEventDefinition,
  getEventDefinition,
  listEventDefinitions,
} from "./event-definitions.ts";

let database: TestDatabase;
let platform: TestPlatform;
let stranger: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
  stranger = await createTestPlatform(database.sql, { workspaceId: await createTestWorkspace(database.sql) });
});
afterAll(() => database.drop());

const variables = [{ name: "price", type: "number" as const }];
const make = (name: string, more: object = {}) => createEventDefinition(platform, platform.caller, { name, ...more });
const find = (path: string) => {
  const [, , , token = "", account = ""] = path.split("/");
  return requireEventAt(platform, eventAddress(token, Number(account)));
};

test("a definition gets an address of its own, and is found by it and by its name", async () => {
  const made = await make("registration", { variables });
  expect(made).toMatchObject({ name: "registration", variables, learns: false, logClearedAt: null, account: null });
  expect(made.path).toMatch(/^\/events\/id\/[0-9a-f]{32}\/\d+$/);
  const known = { workspaceId: platform.workspaceId, definitionId: made.id, name: "registration", variables };
  expect(await find(made.path)).toMatchObject(known);
  expect(await requireEventByName(platform, platform.caller, "registration")).toMatchObject(known);
  expect(await getEventDefinition(platform, platform.caller, { name: "registration" })).toEqual(made);
});

test("without variables it takes them from the first call", async () => {
  expect(await make("later")).toMatchObject({ variables: [], learns: true });
});

test("an address from another system can be kept", async () => {
  const address = { token: "eb561baa181247d1cd378c4ead632877", account: 7043663 };
  const { path } = await make("moved", address);
  expect(path).toBe("/events/id/eb561baa181247d1cd378c4ead632877/7043663");
  expect(await find(path)).toMatchObject({ name: "moved" });
  await expect(requireEventAt(platform, eventAddress(address.token, 1))).rejects.toMatchObject({ status: 404 });
  await expect(make("again", address)).rejects.toMatchObject({ code: "event_definition_exists" });
});

test("known events are found without a query", async () => {
  const { path } = await make("hot", { variables });
  await find(path);
  const broken = { ...platform, sql: undefined as unknown as TestPlatform["sql"] };
  const [, , , token = "", account = ""] = path.split("/");
  expect(await requireEventAt(broken, eventAddress(token, Number(account)))).toMatchObject({ name: "hot" });
  expect(await requireEventByName(broken, platform.caller, "hot")).toMatchObject({ name: "hot" });
});

test("a change counts at once here, and within five seconds in other processes", async () => {
  const other = await createTestPlatform(database.sql, { workspaceId: platform.workspaceId });
  const { path } = await make("changing", { variables });
  const [, , , token = "", account = ""] = path.split("/");
  const elsewhere = () => requireEventAt(other, eventAddress(token, Number(account)));
  await elsewhere();
  const changed = await changeEventDefinition(platform, platform.caller, {
    name: "changing",
    newName: "changed",
    newToken: true,
  });
  expect(changed.path).not.toBe(path);
  await expect(find(path)).rejects.toMatchObject({ code: "event_definition_not_found" });
  expect(await find(changed.path)).toMatchObject({ name: "changed", variables });
  other.setNow(new Date(other.now().getTime() + 4_999));
  expect(await elsewhere()).toMatchObject({ name: "changing" });
  other.setNow(new Date(other.now().getTime() + 1));
  await expect(elsewhere()).rejects.toMatchObject({ code: "event_definition_not_found" });
});

test("what a process does not know it looks for before it refuses", async () => {
  const other = await createTestPlatform(database.sql, { workspaceId: platform.workspaceId });
  await expect(requireEventByName(other, other.caller, "new")).rejects.toMatchObject({
    code: "event_definition_not_found",
  });
  await make("new");
  expect(await requireEventByName(other, other.caller, "new")).toMatchObject({ name: "new" });
});

test("variables can be declared anew, or learned again", async () => {
  await make("redone", { variables });
  const change = (more: object) => changeEventDefinition(platform, platform.caller, { name: "redone", ...more });
  expect(await change({ variables: null })).toMatchObject({ variables: [], learns: true });
  expect(await change({ variables: [] })).toMatchObject({ variables: [], learns: false });
  expect(await change({ account: 5 })).toMatchObject({ account: 5, path: expect.stringMatching(/\/5$/) });
  await expect(change({ newName: "registration" })).rejects.toMatchObject({ code: "event_definition_exists" });
});

test("a deleted one is gone, its address too", async () => {
  const { path } = await make("short");
  expect(await deleteEventDefinition(platform, platform.caller, { name: "short" })).toEqual({ name: "short" });
  await expect(find(path)).rejects.toMatchObject({ code: "event_definition_not_found" });
  await expect(deleteEventDefinition(platform, platform.caller, { name: "short" })).rejects.toMatchObject({
    status: 404,
  });
});

test("no workspace sees or touches those of another", async () => {
  await make("private");
  const { caller } = stranger;
  const name = "private";
  expect(await listEventDefinitions(stranger, caller, {})).toEqual({ data: [], nextCursor: null });
  const acts = [
    () => getEventDefinition(stranger, caller, { name }),
    () => changeEventDefinition(stranger, caller, { name, variables: [] }),
    () => deleteEventDefinition(stranger, caller, { name }),
    () => requireEventByName(stranger, caller, name),
  ];
  for (const act of acts) await expect(act()).rejects.toMatchObject({ code: "event_definition_not_found" });
});

test("lists page by page, newest first", async () => {
  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await listEventDefinitions(platform, platform.caller, { cursor, limit: 2 });
    names.push(...page.data.map(({ name }) => name));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(names.slice(-2)).toEqual(["later", "registration"]);
  expect(new Set(names).size).toBe(names.length);
});

test.each([
  [{ name: "" }, "name"],
  [{ name: "$start" }, "name"],
  [{ name: "a\0" }, "name"],
  [{ name: "\ud800" }, "name"],
  [{ name: "n".repeat(129) }, "name"],
  [{ name: "ok", variables: [{ name: "email", type: "string" as const }] }, "variables[0].name"],
  [{ name: "ok", token: "ABC" }, "token"],
  [{ name: "ok", account: 0 }, "account"],
])("refuses %j at %s", async (input, path) => {
  await expect(createEventDefinition(platform, platform.caller, input)).rejects.toMatchObject({
    code: "invalid_request",
    issues: expect.arrayContaining([expect.objectContaining({ path })]),
  });
});

test.each(["\0", "\ud800", "n".repeat(300), ""])("the name %j is nobody's", async (name) => {
  await expect(getEventDefinition(platform, platform.caller, { name })).rejects.toMatchObject({ status: 404 });
  await expect(requireEventByName(platform, platform.caller, name)).rejects.toMatchObject({ status: 404 });
});

test("a key without the scope reads and writes nothing", async () => {
  const caller = { ...platform.caller, scopes: new Set<string>() };
  const acts = [
    () => createEventDefinition(platform, caller, { name: "x" }),
    () => listEventDefinitions(platform, caller, {}),
    () => getEventDefinition(platform, caller, { name: "registration" }),
    () => requireEventByName(platform, caller, "registration"),
  ];
  for (const act of acts) await expect(act()).rejects.toMatchObject({ code: "forbidden" });
});
