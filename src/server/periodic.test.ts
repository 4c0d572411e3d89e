import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../operations/new-id.ts";
import { findAnswers, keepAnswers } from "../storage/idempotency.ts";
import { endJob, insertJob, listJobRows } from "../storage/jobs.ts";
import { missingPartitions } from "../storage/server-facts.ts";
import { insertWorkspace } from "../storage/workspaces.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { housekeeping, startJobs } from "./periodic.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

test("makes the partitions of the months to come, and forgets answers after a day", async () => {
  const now = new Date("2030-01-15T12:00:00Z");
  const workspaceId = "0197a000-0000-7000-8000-0000000000aa";
  await insertWorkspace(database.sql, { id: workspaceId, name: "Test", timeZone: "UTC", now });
  const answer = (key: string) => ({
    workspaceId,
    operation: "events",
    key,
    requestHash: "00".repeat(32),
    status: 202,
    response: {},
  });
  await keepAnswers(database.sql, [answer("old")], new Date("2030-01-14T11:59:59Z"));
  await keepAnswers(database.sql, [answer("young")], new Date("2030-01-14T12:00:01Z"));
  for (const job of housekeeping(database.sql, () => now)) await job.run();
  expect(await missingPartitions(database.sql, new Date("2030-03-01T00:00:00Z"))).toEqual([]);
  const left = await findAnswers(database.sql, [answer("old"), answer("young")]);
  expect(left.map(({ key }) => key)).toEqual(["young"]);
});

test("forgets jobs 90 days after their end, and none that runs", async () => {
  const now = new Date("2030-06-01T00:00:00Z");
  const workspaceId = newId();
  await insertWorkspace(database.sql, { id: workspaceId, name: "Jobs", timeZone: "UTC", now });
  const ends = { running: null, young: "2030-03-04T00:00:00Z", old: "2030-03-02T00:00:00Z" };
  for (const [kind, endedAt] of Object.entries(ends)) {
    const about = { workspaceId, flowId: null, kind, params: {}, createdBy: "test" };
    const { id: jobId } = await insertJob(database.sql, {
      ...about,
      id: newId(),
      now: new Date("2030-01-01T00:00:00Z"),
    });
    if (endedAt) await endJob(database.sql, { jobId, status: "done", error: null, now: new Date(endedAt) });
  }
  for (const job of housekeeping(database.sql, () => now)) await job.run();
  const left = await listJobRows(database.sql, { workspaceId, id: null, flowId: null, before: null, limit: 10 });
  expect(left.map(({ kind }) => kind).sort()).toEqual(["running", "young"]);
});

test("a job that fails is reported, comes again, and is waited for at the end", async () => {
  const reports: string[] = [];
  let runs = 0;
  let again: () => void = () => undefined;
  const ranTwice = new Promise<void>((resolve) => {
    again = resolve;
  });
  const run = async () => {
    runs += 1;
    if (runs === 2) again();
    throw new Error("away");
  };
  const stop = startJobs([{ name: "sweep", everyMs: 1, run }], (error, name) =>
    reports.push(`${name}: ${(error as Error).message}`),
  );
  await ranTwice;
  await stop();
  expect(reports.length).toBe(runs);
  expect(reports[0]).toBe("sweep: away");
});
