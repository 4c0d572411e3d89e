import type { Json } from "../core/json.ts";
import { isOutage } from "../storage/data-fault.ts";
import type { Sql, Transaction } from "../storage/database.ts";
import {
  beginPhase,
  delayJobLane,
  endJob,
  type JobRow,
  saveJobLane,
  type TakenLane,
  takeFinishedJob,
  takeJobLane,
} from "../storage/jobs.ts";
import { lockLane } from "../storage/lanes.ts";

/** What a chunk did. `again` is when the lane is to be looked at next; null: it is done. */
export type Chunk = { cursor: Json; counts: Record<string, number>; again: Date | null };

/** Where a chunk stands: the lane, which is locked, and what the chunk before left as its cursor (null: this is the first). */
export type Place = { lane: number; cursor: Json; now: Date };

/**
 * A kind of job: work over the runs of all lanes, in chunks so small that passes are not held up. `chunk` does the next part of one lane in
 * the transaction it is given; `endPhase` is called when every lane is done, and says whether to go through them all once more.
 */
export type JobKind = {
  name: string;
  chunk(sql: Transaction, job: JobRow, place: Place): Promise<Chunk>;
  endPhase?(sql: Transaction, job: JobRow, now: Date): Promise<"again" | "done">;
};

export type JobRunnerOptions = {
  sql: Sql;
  now: () => Date;
  kinds: readonly JobKind[];
  /** How often this process looks for jobs, in milliseconds. */
  pollMs: number;
  /** A chunk in this lane is committed: runs may be due. */
  onLane: (lane: number) => void;
  onError: (error: unknown, about: object) => void;
};

const maxFailures = 10;
const retryMs = 5000;

/**
 * Works on jobs, one chunk at a time, beside the passes. Every chunk is one commit with its progress, so a process that dies leaves nothing half
 * done, and whoever comes next goes on from there.
 */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  readonly #kinds: ReadonlyMap<string, JobKind>;
  #timer: NodeJS.Timeout | null = null;
  #working: Promise<void> | null = null;
  #isWanted = false;
  #running = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
    this.#kinds = new Map(options.kinds.map((kind) => [kind.name, kind]));
  }

  start(): void {
    this.#running = true;
    this.#timer = setInterval(() => this.poke(), this.#options.pollMs);
    this.#timer.unref();
    this.poke();
  }

  /** Says that there may be a job. */
  poke(): void {
    if (!this.#running) return;
    this.#isWanted = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = null;
    });
  }

  isIdle(): boolean {
    return this.#working === null;
  }

  /** Resolves when nothing of a job is left that is due. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  async stop(): Promise<void> {
    this.#running = false;
    if (this.#timer) clearInterval(this.#timer);
    await this.idle();
  }

  async #work(): Promise<void> {
    while (this.#running && this.#isWanted) {
      this.#isWanted = false;
      try {
        while (this.#running && (await this.#step())) this.#isWanted = true;
      } catch (error) {
        this.#options.onError(error, {});
      }
    }
  }

  /** One chunk, or the end of a job. False when there is neither. */
  async #step(): Promise<boolean> {
    let taken: TakenLane | undefined;
    try {
      const lane = await this.#options.sql.begin(async (sql) => {
        taken = await takeJobLane(sql, this.#options.now());
        if (!taken) return null;
        await this.#chunk(sql, taken);
        return taken.lane;
      });
      if (lane === null) return this.#endOne();
      this.#options.onLane(lane);
      return true;
    } catch (error) {
      if (!taken) throw error;
      await this.#failed(taken, error);
      return true;
    }
  }

  async #chunk(sql: Transaction, { job, lane, cursor, counts }: TakenLane): Promise<void> {
    await lockLane(sql, lane);
    const now = this.#options.now();
    const chunk = await this.#kindOf(job).chunk(sql, job, { lane, cursor, now });
    const total = { ...counts };
    for (const [name, value] of Object.entries(chunk.counts)) total[name] = (total[name] ?? 0) + value;
    const { again } = chunk;
    const progress = { cursor: chunk.cursor, counts: total, isDone: again === null, dueAt: again ?? now };
    await saveJobLane(sql, { jobId: job.id, lane, ...progress });
  }

  #kindOf({ kind: name }: JobRow): JobKind {
    const kind = this.#kinds.get(name);
    if (!kind) throw new Error(`This program does not know the job "${name}".`);
    return kind;
  }

  async #failed({ job, lane, failures }: TakenLane, error: unknown): Promise<void> {
    const { sql, now, onError } = this.#options;
    onError(error, { jobId: job.id, lane });
    // While the database is away nothing can be noted: the next look finds the lane as it was.
    if (isOutage(error)) throw error;
    if (failures + 1 < maxFailures)
      await delayJobLane(sql, { jobId: job.id, lane, dueAt: new Date(now().getTime() + retryMs) });
    else await endJob(sql, { jobId: job.id, status: "failed", error: textOf(error), now: now() });
  }

  async #endOne(): Promise<boolean> {
    const now = this.#options.now();
    return this.#options.sql.begin(async (sql) => {
      const job = await takeFinishedJob(sql);
      if (!job) return false;
      const next = (await this.#kindOf(job).endPhase?.(sql, job, now)) ?? "done";
      if (next === "again") await beginPhase(sql, { jobId: job.id, now });
      else await endJob(sql, { jobId: job.id, status: "done", error: null, now });
      return true;
    });
  }
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500);
}
