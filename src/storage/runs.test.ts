import { afterAll, beforeAll, expect, test } from "vitest";
import type { Run } from "../core/flow/run.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { lockLane, lockLanes } from "./lanes.ts";
import { insertRuns, loadLiveRuns, loadRuns, nextWakes, takeDueRuns, updateRuns } from "./runs.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const at = (minutes: number) => new Date(Date.UTC(2026, 2, 1, 10, minutes));
const uuid = (number: number) => `0190a000-0000-7000-8000-${String(number).padStart(12, "0")}`;
let count = 0;

function runOf(lane: number, changes: Partial<Run> = {}): Run {
  const origin = {
    workspaceId: uuid(1),
    flowId: uuid(2),
    version: 1,
    contactId: uuid(100 + lane),
    key: null,
    entry: "in",
  };
  const event = { eventId: uuid(3), eventName: "paid", eventAt: at(0), event: { total: 5 } };
  const place = { status: "waiting" as const, step: "wait", visit: 2, enteredAt: at(0), wakeAt: at(10), reason: null };
  return {
    id: uuid(1000 + ++count),
    lane,
    ...origin,
    ...place,
    ...event,
    vars: {},
    steps: { a: { x: 1 } },
    startedAt: at(0),
    endedAt: null,
    priority: 1,
    depth: 0,
    ...changes,
  };
}

const due = async (lanes: number[], now: Date, perLane = 100) =>
  (await takeDueRuns(database.sql, { lanes, now, perLane })).map(({ id }) => id);

test("takes what is due in each lane, the longest due first, and no more than asked for", async () => {
  const runs = [
    runOf(1, { wakeAt: at(5) }),
    runOf(1, { wakeAt: at(3) }),
    runOf(1, { wakeAt: at(11) }),
    runOf(2, { wakeAt: at(10) }),
    runOf(3, { wakeAt: at(1) }),
    runOf(1, { wakeAt: null, status: "asking" }),
  ];
  await insertRuns(database.sql, runs);
  const ids = runs.map(({ id }) => id);
  expect(await due([1, 2], at(10))).toEqual([ids[1], ids[0], ids[3]]);
  expect(await due([1], at(10), 1)).toEqual([ids[1]]);
  expect(await due([1, 2, 3], at(0))).toEqual([]);
  expect([...(await nextWakes(database.sql, [1, 2, 4]))]).toEqual([
    { lane: 1, wakeAt: at(3) },
    { lane: 2, wakeAt: at(10) },
  ]);
});

test("takes a few at a time of those that nobody hurries for, so that a batch in hand is soon done", async () => {
  const low = Array.from({ length: 9 }, (_, minute) => runOf(12, { priority: 2, wakeAt: at(minute) }));
  const urgent = Array.from({ length: 9 }, (_, minute) => runOf(13, { priority: 0, wakeAt: at(minute) }));
  await insertRuns(database.sql, [...low, ...urgent]);
  expect(await due([12], at(60), 16)).toEqual(low.slice(0, 2).map(({ id }) => id));
  expect(await due([13], at(60), 16)).toHaveLength(9);
});

test("a run comes back as it was stored", async () => {
  const run = runOf(10, { key: "o-1", vars: { a: [1, null, "x"] }, reason: "r", event: { deep: { er: "à" } } });
  await insertRuns(database.sql, [run]);
  expect([...(await loadRuns(database.sql, [run]))]).toEqual([run]);
  expect(await loadRuns(database.sql, [{ lane: 11, id: run.id }])).toHaveLength(0);
});

test("saving moves a run, and writes its data only when that changed", async () => {
  const run = runOf(20);
  await insertRuns(database.sql, [run]);
  const moved = { ...run, step: "mail", visit: 3, wakeAt: null, status: "asking" as const, steps: { a: 2 } };
  await updateRuns(database.sql, [{ run: moved, dataChanged: false }]);
  expect([...(await loadRuns(database.sql, [run]))]).toEqual([{ ...moved, steps: run.steps }]);
  await updateRuns(database.sql, [{ run: moved, dataChanged: true }]);
  expect([...(await loadRuns(database.sql, [run]))]).toEqual([moved]);
});

test("an ended run is live no more and never due", async () => {
  const [live, ended] = [runOf(30), runOf(30)];
  await insertRuns(database.sql, [live, ended]);
  await updateRuns(database.sql, [
    { run: { ...ended, status: "completed", wakeAt: null, endedAt: at(5) }, dataChanged: false },
  ]);
  expect((await loadLiveRuns(database.sql, [{ lane: 30, id: live.contactId }])).map(({ id }) => id)).toEqual([live.id]);
  expect(await due([30], at(60))).toEqual([live.id]);
});

test("the database refuses a run that has ended and would still wake", async () => {
  await expect(insertRuns(database.sql, [runOf(31, { status: "completed", endedAt: at(1) })])).rejects.toThrow(
    "check constraint",
  );
  await expect(
    insertRuns(database.sql, [runOf(31, { status: "waiting", endedAt: at(1), wakeAt: null })]),
  ).rejects.toThrow("check constraint");
});

test("lanes that another holds are skipped, and whoever wants one for itself waits for it", async () => {
  const order: string[] = [];
  let waiting: Promise<unknown> = Promise.resolve();
  await database.sql.begin(async (first) => {
    expect(await lockLanes(first, [5, 3])).toEqual([3, 5]);
    await database.sql.begin(async (second) => expect(await lockLanes(second, [3, 4, 5])).toEqual([4]));
    waiting = database.sql.begin(async (third) => {
      await lockLane(third, 3);
      order.push("got the lane");
    });
    await database.sql`select 1`;
    order.push("still held");
  });
  await waiting;
  expect(order).toEqual(["still held", "got the lane"]);
});
