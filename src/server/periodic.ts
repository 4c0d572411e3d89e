import { removeOldImports } from "../storage/contact-imports.ts";
import type { Sql } from "../storage/database.ts";
import { eraseClearedLog } from "../storage/event-logs.ts";
import { removeOldAnswers } from "../storage/idempotency.ts";
import { removeOldJobs } from "../storage/jobs.ts";
import { removeSentContents } from "../storage/mail-contents.ts";
import { ensurePartitions } from "../storage/partitions.ts";
import { removeOldStartLists } from "../storage/start-lists.ts";

export type Job = { name: string; everyMs: number; run: () => Promise<void> };

const hourMs = 3_600_000;

/** How long the answer to a request with an Idempotency-Key is kept, in milliseconds. */
export const answersKeptMs = 24 * hourMs;

/** How long a job is on record after its end, in milliseconds. */
const jobsKeptMs = 90 * 24 * hourMs;
/** How long an import that has ended can be looked at, in milliseconds. */
const importsKeptMs = 30 * 24 * hourMs;
/** How long a start for named contacts is on record, in milliseconds; its runs stay. */
const startListsKeptMs = 90 * 24 * hourMs;

/** What every process does from time to time. Each is safe to run in several at once. */
export function housekeeping(sql: Sql, now: () => Date): Job[] {
  return [
    { name: "partitions", everyMs: 24 * hourMs, run: () => ensurePartitions(sql, now()) },
    {
      name: "old jobs",
      everyMs: hourMs,
      run: () => removeOldJobs(sql, new Date(now().getTime() - jobsKeptMs)),
    },
    {
      name: "old answers",
      everyMs: hourMs,
      run: () => removeOldAnswers(sql, new Date(now().getTime() - answersKeptMs)),
    },
    {
      name: "old imports",
      everyMs: hourMs,
      run: () => removeOldImports(sql, new Date(now().getTime() - importsKeptMs)),
    },
    { name: "sent mails", everyMs: hourMs / 4, run: () => removeAllSent(sql, new Date(now().getTime() - hourMs)) },
    { name: "cleared event logs", everyMs: hourMs / 60, run: () => eraseClearedLogs(sql) },
    {
      name: "old start lists",
      everyMs: 24 * hourMs,
      run: () => removeOldStartLists(sql, new Date(now().getTime() - startListsKeptMs)),
    },
  ];
}

/** A batch at a time, so that no statement takes long however much was sent. */
async function removeAllSent(sql: Sql, before: Date): Promise<void> {
  while ((await removeSentContents(sql, before)) > 0);
}

/** So many events are looked at in one transaction. */
const erasedAtOnce = 5000;

async function eraseClearedLogs(sql: Sql): Promise<void> {
  while (await eraseClearedLog(sql, erasedAtOnce));
}

/** Runs jobs again and again, each with its own pause. A failure is reported, and the job comes again. Returns the way to end it. */
export function startJobs(jobs: readonly Job[], report: (error: unknown, name: string) => void): () => Promise<void> {
  const running = new Set<Promise<void>>();
  const timers = jobs.map(({ name, everyMs, run }) =>
    setInterval(() => {
      const work = run()
        .catch((error: unknown) => report(error, name))
        .finally(() => running.delete(work));
      running.add(work);
    }, everyMs).unref(),
  );
  return async () => {
    for (const timer of timers) clearInterval(timer);
    await Promise.all(running);
  };
}
