import { afterAll, beforeAll, expect, test } from "vitest";
import { addParticipants, addWins } from "../storage/ab-tests.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { listAbTests, setWinner } from "./ab-tests.ts";
import { createFlow } from "./flows.ts";
import { newId } from "./new-id.ts";
import { publishFlow } from "./publish-flow.ts";

let database: TestDatabase;
let platform: TestPlatform;
let id: string;

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
  const config = {
    variants: [{ name: "a" }, { name: "b", weight: 2 }],
    winBy: { event: "order.placed" },
    decide: { participants: 100 },
  };
  const definition = {
    schema: 1,
    name: "Test",
    entries: { begin: { kind: "event", config: { event: "go" }, next: "test" } },
    steps: { test: { kind: "ab-test", config, exits: { a: null, b: null } } },
  };
  ({ id } = await createFlow(platform, platform.caller, { definition }));
  await publishFlow(platform, platform.caller, { id });
});
afterAll(() => database.drop());

const list = async () => (await listAbTests(platform, platform.caller, { id })).data;

test("a test that nobody has come to is there with its variants", async () => {
  expect(await list()).toEqual([
    {
      step: "test",
      winBy: { event: "order.placed" },
      startedAt: null,
      variants: [
        { variant: "a", weight: 1, participants: 0, wins: 0 },
        { variant: "b", weight: 2, participants: 0, wins: 0 },
      ],
      winner: null,
      decided: null,
    },
  ]);
});

test("a run takes part once and wins once, counted over the lanes", async () => {
  const at = platform.now();
  const place = { lane: 3, contactId: newId(), flowId: id, step: "test" };
  const part = { ...place, workspaceId: platform.workspaceId, runId: newId(), variant: "b", visit: 1, at };
  await addParticipants(database.sql, [part, { ...part, lane: 4, runId: newId() }], { lane: 3 });
  await addParticipants(database.sql, [part], { lane: 4 });
  const win = { ...place, messageId: null, runId: null, visit: null, at: new Date(at.getTime() + 1) };
  await addWins(database.sql, [win, win], { lane: 3 });
  await addWins(database.sql, [win, { ...win, lane: 4, at }], { lane: 5 });
  expect((await list())[0]?.variants[1]).toEqual({ variant: "b", weight: 2, participants: 2, wins: 1 });
});

test("a person can choose the winner, and change the choice", async () => {
  const chosen = await setWinner(platform, platform.caller, { id, step: "test", variant: "a" });
  expect(chosen).toMatchObject({
    winner: "a",
    decided: { at: platform.now(), by: "test", figures: [{ wins: 0 }, { wins: 1 }] },
  });
  await platform.flows.refresh(platform.sql);
  expect(platform.flows.lookup(platform.workspaceId).abStates?.(id, "test")).toMatchObject({ winner: "a" });
  await setWinner(platform, platform.caller, { id, step: "test", variant: "b" });
  expect(await list()).toMatchObject([{ winner: "b" }]);
});

test.each([
  ["a step that is no test", { step: "mail", variant: "a" }, "ab_test_not_found"],
  ["a variant that is not there", { step: "test", variant: "c" }, "invalid_request"],
])("refuses %s", async (_name, input, code) => {
  await expect(setWinner(platform, platform.caller, { id, ...input })).rejects.toMatchObject({ code });
});

test("another workspace sees nothing of it", async () => {
  const caller = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  await expect(listAbTests(platform, caller, { id })).rejects.toMatchObject({ code: "flow_not_found" });
  await expect(setWinner(platform, caller, { id, step: "test", variant: "a" })).rejects.toMatchObject({
    code: "flow_not_found",
  });
});
