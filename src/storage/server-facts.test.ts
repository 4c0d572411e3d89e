import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { ensurePartitions } from "./partitions.ts";
import { countStaleLeases, missingPartitions, pingDatabase, readServerFacts } from "./server-facts.ts";
import { seeWorker } from "./workers.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
});

const ids = {
  alive: "0197a000-0000-7000-8000-000000000001",
  dead: "0197a000-0000-7000-8000-000000000002",
  other: "0197a000-0000-7000-8000-000000000003",
};

async function lease(visit: number, leasedBy: string): Promise<void> {
  const { other } = ids;
  await database.sql`
    insert into outbox (lane, run_id, visit, ordinal, kind, workspace_id, contact_id, flow_id, version, step, data, awaited, first_due_at, due_at, leased_by)
    values (1, ${other}, ${visit}, 0, 'http', ${other}, ${other}, ${other}, 1, 'ask', '{}', true, now(), now(), ${leasedBy})`;
}

test("says which server it is, and what time it has", async () => {
  const facts = await readServerFacts(database.sql);
  expect(facts.versionNumber).toBeGreaterThanOrEqual(150_000);
  expect(facts.now).toBeInstanceOf(Date);
  expect(facts.connections).toBeGreaterThan(0);
  expect(facts.maxConnections).toBeGreaterThan(0);
  await pingDatabase(database.sql);
});

test("counts only the leases of processes that nobody sees any more", async () => {
  await seeWorker(database.sql, { id: ids.alive, roles: ["sender"] });
  await lease(1, ids.alive);
  await lease(2, ids.dead);
  expect(await countStaleLeases(database.sql, 10_000)).toBe(1);
});

test("names the partitions that a month lacks", async () => {
  const at = new Date("2031-05-10T00:00:00Z");
  expect(await missingPartitions(database.sql, at)).toContain("event_2031_05");
  await ensurePartitions(database.sql, at);
  expect(await missingPartitions(database.sql, at)).toEqual([]);
});
