import type { Json } from "../core/json.ts";
import { isOutage } from "../storage/data-fault.ts";
import type { Sql, Transaction } from "../storage/database.ts";
import {
  beginPhase,
  delayJobLane,
  endJob,
  type JobRow,
  nextJobAt,
  saveJobLane,
  type TakenLane,
  takeFinishedJob,
  takeJobLane,
} from "../storage/jobs.ts";
import { lockLane } from "../storage/lanes.ts";
import { type Round, restUntil } from "./rounds.ts";

/** What a chunk did. `again` is when the lane is to be looked at next; null: it is done. `lanes`: where there is work, when not in its own lane. */
export type Chunk = {
  cursor: Json;
  counts: Record<string, number>;
  again: Date | null;
  lanes?: ReadonlySet<number>;
};

/** Where a chunk stands: the lane, which is locked, and what the chunk before left as its cursor (null: this is the first). */
export type Place = { lane: number; cursor: Json; now: Date };

/**
 * A kind of job: work over the rows of all lanes, in chunks so small that passes are not held up. `chunk` does the next part of one lane in
 * the transaction it is given; `endPhase` is called when every lane is done, and says whether to go through them all once more.
 */
export type JobKind = {
  name: string;
  chunk(sql: Transaction, job: JobRow, place: Place): Promise<Chunk>;
  endPhase?(sql: Transaction, job: JobRow, now: Date): Promise<"again" | "done">;
};

export type JobParts = {
  sql: Sql;
  now: () => Date;
  kinds: readonly JobKind[];
  /** A chunk is committed: in these lanes something may be due. */
  onLanes: (lanes: ReadonlySet<number>) => void;
  onError: (error: unknown, about: object) => void;
};

const maxFailures = 10;
const retryMs = 5000;

/**
 * One round: one chunk of a job, or the end of one. Every chunk is one commit with its progress, so a process that dies leaves nothing half done,
 * and whoever comes next goes on from there.
 */
export async function jobRound(parts: JobParts): Promise<Round> {
  if ((await doChunk(parts)) || (await endOne(parts))) return { kind: "again" };
  return restUntil([await nextJobAt(parts.sql)], parts.now());
}

/** False when no lane of a job is due. */
async function doChunk(parts: JobParts): Promise<boolean> {
  let taken: TakenLane | undefined;
  try {
    const lanes = await parts.sql.begin(async (sql) => {
      taken = await takeJobLane(sql, parts.now());
      return taken ? writeChunk(sql, taken, parts) : null;
    });
    if (lanes !== null) parts.onLanes(lanes);
    return lanes !== null;
  } catch (error) {
    if (!taken) throw error;
    await noteFailure(taken, error, parts);
    return true;
  }
}

/** The lanes that have work then. */
async function writeChunk(
  sql: Transaction,
  { job, lane, cursor, counts }: TakenLane,
  { kinds, now: clock }: JobParts,
): Promise<ReadonlySet<number>> {
  await lockLane(sql, lane);
  const now = clock();
  const chunk = await kindOf(job, kinds).chunk(sql, job, { lane, cursor, now });
  const total = { ...counts };
  for (const [name, value] of Object.entries(chunk.counts)) total[name] = (total[name] ?? 0) + value;
  const { again } = chunk;
  const progress = { cursor: chunk.cursor, counts: total, isDone: again === null, dueAt: again ?? now };
  await saveJobLane(sql, { jobId: job.id, lane, ...progress });
  return chunk.lanes ?? new Set([lane]);
}

function kindOf({ kind: name }: JobRow, kinds: readonly JobKind[]): JobKind {
  const kind = kinds.find((other) => other.name === name);
  if (!kind) throw new Error(`This program does not know the job "${name}".`);
  return kind;
}

async function noteFailure({ job, lane, failures }: TakenLane, error: unknown, parts: JobParts): Promise<void> {
  const { sql, now, onError } = parts;
  // While the database is away nothing can be noted: the next look finds the lane as it was.
  if (isOutage(error)) throw error;
  onError(error, { jobId: job.id, lane });
  if (failures + 1 < maxFailures)
    await delayJobLane(sql, { jobId: job.id, lane, dueAt: new Date(now().getTime() + retryMs) });
  else await endJob(sql, { jobId: job.id, status: "failed", error: textOf(error), now: now() });
}

/** Ends a job of which every lane is done, or begins its next phase. False when there is none. */
async function endOne({ sql: pool, kinds, now: clock }: JobParts): Promise<boolean> {
  const now = clock();
  return pool.begin(async (sql) => {
    const job = await takeFinishedJob(sql);
    if (!job) return false;
    const next = (await kindOf(job, kinds).endPhase?.(sql, job, now)) ?? "done";
    if (next === "again") await beginPhase(sql, { jobId: job.id, now });
    else await endJob(sql, { jobId: job.id, status: "done", error: null, now });
    return true;
  });
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
