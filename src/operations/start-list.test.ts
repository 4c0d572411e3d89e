import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { removeOldStartLists } from "../storage/start-lists.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestWorkspace } from "../testing/platform.ts";
import { openWorld, type World } from "../testing/segment-world.ts";
import { flowCounts } from "./flow-versions.ts";
import { createFlow } from "./flows.ts";
import { publishFlow } from "./publish-flow.ts";
import { listRuns } from "./runs.ts";
import { type StartListInput, startList } from "./start-list.ts";
import { getStarted, getStartList, listStarted, listStartLists } from "./start-list-reads.ts";

let database: TestDatabase;
let world: World;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  world = await openWorld(database.sql);
});
afterEach(() => world.stop());
afterAll(() => database.drop());

const people = [{ phone: "+525500000001" }, { phone: "+525500000002" }];
const hour = { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: null } };

async function publish(name: string, steps: object, reentry: object = { mode: "always" }): Promise<string> {
  const [first] = Object.keys(steps);
  const entries = { begin: { kind: "start", config: {}, next: first } };
  const { platform } = world;
  const definition = { schema: 1, name, entries, steps, reentry } as never;
  const { id } = await createFlow(platform, platform.caller, { definition });
  await publishFlow(platform, platform.caller, { id });
  return id;
}

async function start(flow: string, more: Partial<StartListInput> = {}) {
  const { platform, engine } = world;
  const { id } = await startList(platform, platform.caller, { flow, contacts: people, ...more });
  await engine.settle();
  return getStartList(platform, platform.caller, { id });
}

const end = { done: { kind: "end", config: {} } };

test("says of each contact where it is, from the line to the end", async () => {
  const { platform } = world;
  const flow = await publish("Ends", end);
  const queued = await startList(platform, platform.caller, { flow, contacts: [...people, ...people] });
  expect(queued).toMatchObject({ contacts: 2, counts: { queued: 2 }, flowName: "Ends", averageMs: null });
  await world.engine.settle();
  expect(await getStartList(platform, platform.caller, queued)).toMatchObject({ counts: { completed: 2 } });
  const { count, data } = await listStarted(platform, platform.caller, { startListId: queued.id, isActive: false });
  expect([count, data.map(({ status }) => status)]).toEqual([2, ["completed", "completed"]]);
  const one = await getStarted(platform, platform.caller, { id: data[0]?.id ?? "" });
  expect(one).toMatchObject({ run: { status: "completed" }, steps: [{ name: "done", kind: "end" }] });
});

test("with priority the other live runs of the contacts end, and only theirs", async () => {
  const { platform } = world;
  const [slow, other] = [await publish("Slow", { hour }), await publish("Other", end)];
  await start(slow, { contacts: [...people, { phone: "+525500000003" }] });
  const { id } = await start(other, { endsOthers: true });
  const { data: runs } = await listRuns(platform, platform.caller, { flowId: slow });
  expect(runs.map(({ status, reason }) => [status, reason]).sort()).toEqual([
    ["cancelled", "ended_by_priority"],
    ["cancelled", "ended_by_priority"],
    ["waiting", null],
  ]);
  expect(await getStartList(platform, platform.caller, { id })).toMatchObject({ counts: { completed: 2 } });
  const { versions } = await flowCounts(platform, platform.caller, { id: slow });
  expect(versions[0]).toMatchObject({ started: 3, cancelled: 2 });
});

test("without priority they go on", async () => {
  const slow = await publish("Slow", { hour });
  const first = await start(slow);
  await start(await publish("Other", end));
  const { platform } = world;
  expect(await getStartList(platform, platform.caller, first)).toMatchObject({ counts: { waiting: 2 } });
  expect((await listStarted(platform, platform.caller, { startListId: first.id, isActive: true })).count).toBe(2);
});

test("a contact that the flow does not let in again is refused, with the reason", async () => {
  const { platform } = world;
  const flow = await publish("Once", end, { mode: "never" });
  await start(flow);
  const again = await start(flow);
  expect(again.counts).toEqual({ refused: 2 });
  const { data } = await listStarted(platform, platform.caller, { startListId: again.id });
  expect(data[0]).toMatchObject({ status: "refused", reason: expect.any(String), runId: null });
  expect((await listStartLists(platform, platform.caller, { flowId: flow })).data.map(({ id }) => id)[0]).toBe(
    again.id,
  );
});

test("nothing is stored when the flow cannot be started, or a contact is broken", async () => {
  const { platform } = world;
  const flow = await publish("Ends", end);
  const draft = await createFlow(platform, platform.caller, { definition: { schema: 1, name: "Draft" } });
  const attempt = (input: Partial<StartListInput>) =>
    startList(platform, platform.caller, { flow, contacts: people, ...input });
  await expect(attempt({ flow: draft.id })).rejects.toMatchObject({ code: "invalid_state" });
  await expect(attempt({ variables: { x: 1 } })).rejects.toMatchObject({ code: "invalid_request" });
  await expect(attempt({ contacts: [...people, { phone: "12" }] })).rejects.toMatchObject({
    issues: [{ path: "contacts[2].phone" }],
  });
  await expect(attempt({ contacts: [] })).rejects.toMatchObject({ code: "invalid_request" });
  const [row] = await database.sql`select count(*) from contact where workspace_id = ${platform.workspaceId}`;
  expect(Number(row?.["count"])).toBe(0);
});

test("another workspace sees none of it, and old ones are forgotten", async () => {
  const { platform } = world;
  const { id } = await start(await publish("Ends", end));
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  await expect(getStartList(platform, other, { id })).rejects.toMatchObject({ code: "start_list_not_found" });
  expect((await listStarted(platform, other, {})).count).toBe(0);
  await removeOldStartLists(database.sql, new Date(platform.now().getTime() + 1));
  expect((await listStartLists(platform, platform.caller, {})).count).toBe(0);
  expect((await listStarted(platform, platform.caller, {})).count).toBe(0);
});
