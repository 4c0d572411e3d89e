import type { Sql } from "../storage/database.ts";
import { findLeases, type OutboxKey, releaseDeadLeases, releaseEffects } from "../storage/outbox.ts";
import { removeDeadWorkers, seeWorker } from "../storage/workers.ts";

/** A queue as the heart sees it: what it holds is leased to this process. */
export type LeaseHolder = { held(): readonly OutboxKey[]; drop(): readonly OutboxKey[]; resume(): void };

export type HeartOptions = {
  sql: Sql;
  worker: string;
  roles: readonly string[];
  queues: readonly LeaseHolder[];
  heartbeatMs: number;
  /** A process silent for longer is dead to the others, and they take its leases. */
  deadAfterMs: number;
  /** Done with every beat that was heard. */
  onBeat?: () => Promise<void>;
  onError: (error: unknown) => void;
};

/**
 * Keeps the leases of this process true: says that it lives, frees what dead ones held, drops what it may have lost by being silent,
 * and gives back leases that nobody here knows of. Every beat also has the queues look into the outbox, as a safety net.
 */
export class Heart {
  readonly #options: HeartOptions;
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> | null = null;
  #heardAt: Instant | null = null;
  #toRelease: OutboxKey[] = [];
  #isSuspect = false;
  #unknown = new Set<string>();

  constructor(options: HeartOptions) {
    this.#options = options;
  }

  /** Resolves after the first beat. Throws when the database cannot be reached. */
  async start(): Promise<void> {
    await this.#pulse();
    this.#timer = setInterval(() => this.#beat(), this.#options.heartbeatMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#beating;
  }

  /** False when this process was silent for so long that others may have taken its leases. */
  isHeard(): boolean {
    return this.#heardAt !== null && millisecondsSince(this.#heardAt) < this.#options.deadAfterMs * 0.8;
  }

  /** Says that something failed: a commit whose answer got lost may have left leases that nobody here knows of. */
  suspect(): void {
    this.#isSuspect = true;
  }

  /** One beat at a time: a database that does not answer gets no second question. */
  #beat(): void {
    this.#beating ??= this.#pulse()
      .catch((error: unknown) => this.#options.onError(error))
      .finally(() => {
        this.#beating = null;
      });
  }

  async #pulse(): Promise<void> {
    const { sql, worker, roles, queues, deadAfterMs } = this.#options;
    if (this.#heardAt !== null && !this.isHeard()) for (const queue of queues) this.#toRelease.push(...queue.drop());
    const begunAt = instant();
    await seeWorker(sql, { id: worker, roles });
    await this.#giveBack();
    this.#heardAt = begunAt;
    if (this.#isSuspect) await this.#findUnknown();
    await releaseDeadLeases(sql, deadAfterMs);
    await removeDeadWorkers(sql, deadAfterMs * 6);
    await this.#options.onBeat?.();
    for (const queue of queues) queue.resume();
  }

  async #giveBack(): Promise<void> {
    if (this.#toRelease.length === 0) return;
    await releaseEffects(this.#options.sql, this.#options.worker, this.#toRelease);
    this.#toRelease = [];
  }

  /** A lease that two beats in a row find in no queue is one that we never heard of; between commit and queue lie milliseconds. */
  async #findUnknown(): Promise<void> {
    const { sql, worker, queues } = this.#options;
    const leases = await findLeases(sql, worker);
    const held = new Set(queues.flatMap((queue) => queue.held().map(keyText)));
    const unknown = leases.filter((key) => !held.has(keyText(key)));
    this.#toRelease = unknown.filter((key) => this.#unknown.has(keyText(key)));
    this.#unknown = new Set(unknown.map(keyText));
    this.#isSuspect = unknown.length > 0;
    await this.#giveBack();
  }
}

/** Both clocks, because one stands still while the machine sleeps, and the other can be set. */
type Instant = { monotonic: number; wall: number };

function instant(): Instant {
  return { monotonic: performance.now(), wall: Date.now() };
}

function millisecondsSince({ monotonic, wall }: Instant): number {
  return Math.max(performance.now() - monotonic, Date.now() - wall);
}

function keyText({ runId, visit, ordinal }: OutboxKey): string {
  return `${runId}|${visit}|${ordinal}`;
}
