import { afterAll, beforeAll, expect, test } from "vitest";
import { newId } from "../../operations/new-id.ts";
import { insertEffects, type OutboxRow } from "../../storage/outbox.ts";
import { stopContactEffects } from "../../storage/outbox-changes.ts";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { createTestEngine } from "../../testing/engine.ts";
import { untilWaiting } from "../../testing/until-waiting.ts";
import type { Next } from "./performer.ts";
import { createSettler } from "./settle.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const now = new Date("2026-03-01T10:00:00Z");
const [contact, someone] = [newId(), newId()];

function effectOf(runId: string, contactId: string): OutboxRow {
  return {
    ...{ lane: 1, runId, visit: 1, ordinal: 0, kind: "http", workspaceId: newId(), contactId, flowId: newId() },
    ...{ version: 1, step: "call", messageId: null, data: {}, awaited: true, attempt: 0, priority: 1, putOff: null },
    ...{ firstDueAt: now, dueAt: now },
  };
}

test("what came of several effects of a contact, and the deletion of the contact, wait for each other in one order only", async () => {
  const { flows, stop } = await createTestEngine({ sql: database.sql });
  // The later one is settled first: a deletion meets the earlier one first, by index and in the table.
  const [second, first, others] = [effectOf(newId(), contact), effectOf(newId(), contact), effectOf(newId(), someone)];
  const worker = newId();
  await insertEffects(
    database.sql,
    [second, first, others].map((effect) => ({ ...effect, leasedBy: worker })),
  );
  const settler = createSettler({ sql: database.sql, flows, worker, now: () => now, onWork: () => undefined });
  const answer: Next = { kind: "answer", answer: { ok: true, result: {} } };
  const done: Next = { kind: "done" };
  let settled: Promise<unknown> | undefined;
  let deleted: Promise<unknown> | undefined;
  await database.sql.begin(async (sql) => {
    await sql`select from outbox where run_id = ${others.runId} for update`;
    settled = Promise.all([
      settler.add({ effect: first, next: answer }),
      settler.add({ effect: others, next: answer }),
      settler.add({ effect: second, next: done }),
    ]);
    await untilWaiting(database.sql, 1);
    deleted = database.sql.begin((other) => stopContactEffects(other, { lane: 1, contactId: contact }));
    await untilWaiting(database.sql, 2);
  });
  expect(await settled).toHaveLength(3);
  expect(await deleted).toEqual([{ messageId: null }]);
  expect(await database.sql`select run_id from outbox`).toEqual([{ run_id: others.runId }]);
  await stop();
});
