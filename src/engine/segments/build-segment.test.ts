import { afterAll, beforeAll, expect, test } from "vitest";
import { createSegment } from "../../operations/segments.ts";
import type { Transaction } from "../../storage/database.ts";
import { holdLanes, lockLane } from "../../storage/lanes.ts";
import { takeBuild } from "../../storage/segment-builds.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestPlatform, type TestPlatform } from "../../testing/platform.ts";
import { untilWaiting } from "../../testing/until-waiting.ts";
import { buildRound } from "./build-segment.ts";

let database: TestDatabase;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});

afterAll(() => database.drop());

/** A transaction that stays open when it has done its work, until it is told to end. */
function keepOpen(work: (sql: Transaction) => Promise<unknown>): { begun: Promise<void>; end: () => Promise<unknown> } {
  let tell = (): unknown => undefined;
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  let over: Promise<unknown> | undefined;
  const begun = new Promise<void>((resolve, reject) => {
    over = database.sql.begin(async (sql) => {
      await work(sql);
      resolve();
      await told;
    });
    over.catch(reject);
  });
  return {
    begun,
    end() {
      tell();
      return Promise.resolve(over);
    },
  };
}

test("a builder takes lanes in their order, also when another builder lets go of a lower one meanwhile", async () => {
  const { sql } = database;
  const definition = { field: "contact.email", operator: "exists" };
  const { id } = await createSegment(platform, platform.caller, { name: "Reachable", definition });
  await platform.flows.refresh(sql);
  const otherBuilder = keepOpen((transaction) => takeBuild(transaction, id));
  const busyLane = keepOpen((transaction) => lockLane(transaction, 2));
  await Promise.all([otherBuilder.begun, busyLane.begun]);
  const { flows, now } = platform;
  const building = buildRound({ sql, flows, now, chunk: 100, graceMs: 0, onWork: () => undefined });
  // It has lane 1, and waits for lane 2.
  await untilWaiting(sql, 1);
  await otherBuilder.end();
  const start = keepOpen((transaction) => holdLanes(transaction, [0, 1]));
  await untilWaiting(sql, 2);
  await busyLane.end();
  expect(await building).toEqual({ kind: "again" });
  await start.end();
});
