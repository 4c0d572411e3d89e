import { setTimeout as delay } from "node:timers/promises";
import type { Sql } from "../../src/storage/database.ts";

type Left = { queued: number; outbox: number; runs: number; jobs: number };

const patienceMs = 90_000;

/**
 * Waits until nothing is left to do: no event in line, no effect but those held for a person, no run alive,
 * no job under way. Resolves with what is left when that takes too long.
 */
export async function drain(sql: Sql): Promise<Left | null> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const left = await look(sql);
    if (left.queued + left.outbox + left.runs + left.jobs === 0) return null;
    if (performance.now() > deadline) return left;
    await delay(100);
  }
}

async function look(sql: Sql): Promise<Left> {
  const [left] = await sql<[Left]>`
    select (select count(*) from event_queue)::int as queued,
           (select count(*) from outbox where due_at < now() + interval '1 day')::int as outbox,
           (select count(*) from run where ended_at is null)::int as runs,
           (select count(*) from job where status = 'running')::int as jobs`;
  return left;
}
