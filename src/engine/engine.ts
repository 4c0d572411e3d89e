import type { FlowCache } from "../operations/flow-cache.ts";
import { newId } from "../operations/new-id.ts";
import type { Sql } from "../storage/database.ts";
import { claimEffects, nextEffectDue, releaseDeadLeases, releaseLeases } from "../storage/outbox.ts";
import { removeDeadWorkers, removeWorker, seeWorker } from "../storage/workers.ts";
import { LaneWorker } from "./lanes.ts";
import { type PassResult, runPass } from "./pass/pass.ts";
import type { EffectPerformer } from "./perform/performer.ts";
import { EffectQueue } from "./perform/queue.ts";
import { createSettler } from "./perform/settle.ts";

export type EngineOptions = {
  sql: Sql;
  flows: FlowCache;
  now: () => Date;
  /** False: this process makes no passes and only performs effects. */
  passes: boolean;
  /** One for each kind of effect that this process performs. */
  performers: readonly EffectPerformer[];
  roles: readonly string[];
  /** True when no other process can reach the database: what another one held is then free at once. */
  alone: boolean;
  /** Called with effects that this process leaves in the outbox, and with lanes that it does not pass over itself. */
  onRemoteWork?: (work: { lanes: number[]; outbox: boolean }) => void;
  onPass?: (result: PassResult, ms: number) => void;
  log: { error(about: object, message: string): void };
  tuning?: Partial<EngineTuning>;
};

export type EngineTuning = {
  concurrentPasses: number;
  lanesPerPass: number;
  batch: number;
  sweepMs: number;
  heartbeatMs: number;
  deadAfterMs: number;
  maxHeld: number;
};

const defaults: EngineTuning = {
  concurrentPasses: 2,
  lanesPerPass: 32,
  batch: 1000,
  sweepMs: 5000,
  heartbeatMs: 2000,
  deadAfterMs: 10_000,
  maxHeld: 2000,
};

/** The part of a process that moves runs and performs what they ask for. Everything it knows is in the database. */
export class Engine {
  readonly worker = newId();
  readonly #options: EngineOptions;
  readonly #tuning: EngineTuning;
  readonly #lanes: LaneWorker;
  readonly #queues: EffectQueue[];
  readonly #settler;
  #heart: NodeJS.Timeout | null = null;
  #seenAt = 0;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#tuning = { ...defaults, ...options.tuning };
    const { sql, now } = options;
    this.#settler = createSettler({ sql, worker: this.worker, now, onAnswers: (lanes) => this.signal(lanes) });
    this.#lanes = new LaneWorker({
      ...{ now, passes: this.#tuning.concurrentPasses, lanesPerPass: this.#tuning.lanesPerPass },
      ...{ sweepMs: this.#tuning.sweepMs, retryMs: 50 },
      pass: (lanes) => this.#pass(lanes),
      onPass: (result) => this.#handOver(result),
      onError: (error) => this.#report(error, "A pass failed; its lanes are tried again."),
    });
    this.#queues = options.performers.map((performer) => this.#queue(performer));
  }

  /** Starts working. Resolves when this process is known to the others and the leases of dead ones are free. */
  async start(): Promise<void> {
    const { sql, alone } = this.#options;
    if (alone) await removeDeadWorkers(sql, 0);
    await this.#beat();
    this.#heart = setInterval(() => void this.#beat(), this.#tuning.heartbeatMs);
    this.#heart.unref();
    if (this.#options.passes) this.#lanes.start();
    for (const queue of this.#queues) queue.poke();
  }

  /** Says that lanes have work. */
  signal(lanes: Iterable<number>): void {
    if (this.#options.passes) this.#lanes.signal(lanes);
    else this.#options.onRemoteWork?.({ lanes: [...lanes], outbox: false });
  }

  /** Says that the outbox has work. */
  poke(): void {
    for (const queue of this.#queues) queue.poke();
  }

  /** Takes no more work, finishes what is in hand, gives the rest back. */
  async stop(): Promise<void> {
    if (this.#heart) clearInterval(this.#heart);
    await this.#lanes.stop();
    await Promise.all(this.#queues.map((queue) => queue.stop()));
    await this.#settler.idle();
    await releaseLeases(this.#options.sql, this.worker);
    await removeWorker(this.#options.sql, this.worker);
  }

  /** Resolves when nothing that is due is known to this process. For tests and benches. */
  async idle(): Promise<void> {
    for (let quiet = 0; quiet < 2; quiet += 1) {
      await this.#lanes.idle();
      for (const queue of this.#queues) await queue.idle();
      await this.#settler.idle();
    }
  }

  async #pass(lanes: number[]): Promise<PassResult> {
    const { sql, flows, now } = this.#options;
    const startedAt = performance.now();
    const result = await runPass(
      {
        ...{ sql, flows, now, worker: this.worker, batch: this.#tuning.batch },
        capacity: (kind) => this.#queues.find((queue) => queue.kind === kind)?.room() ?? 0,
        onBug: (error, about) =>
          this.#report(error, "A contact could not be handled; its runs have ended as failed.", about),
      },
      lanes,
    );
    this.#options.onPass?.(result, performance.now() - startedAt);
    return result;
  }

  #handOver({ effects, unleased }: PassResult): void {
    for (const queue of this.#queues) {
      const own = effects.filter(({ kind }) => kind === queue.kind);
      if (own.length > 0) queue.add(own);
    }
    if (unleased === 0) return;
    this.poke();
    this.#options.onRemoteWork?.({ lanes: [], outbox: true });
  }

  #queue(performer: EffectPerformer): EffectQueue {
    const { sql, flows, now } = this.#options;
    const { kind } = performer;
    return new EffectQueue({
      ...{ performer, settler: this.#settler, now, maxHeld: this.#tuning.maxHeld },
      claim: async (limit) => {
        const effects = await claimEffects(sql, { worker: this.worker, kind, now: now(), limit });
        await flows.need(sql, effects);
        return effects;
      },
      nextDue: () => nextEffectDue(sql, kind),
      onError: (error) => this.#report(error, "An effect could not be performed; its lease is given back later."),
    });
  }

  /** Says that this process lives, and frees what dead ones held. */
  async #beat(): Promise<void> {
    const { sql, roles } = this.#options;
    try {
      // Silent for so long that others may have taken our leases: what was not begun is theirs now.
      if (this.#seenAt > 0 && performance.now() - this.#seenAt > this.#tuning.deadAfterMs * 0.8) {
        for (const queue of this.#queues) queue.drop();
        await releaseLeases(sql, this.worker);
      }
      await seeWorker(sql, { id: this.worker, roles });
      this.#seenAt = performance.now();
      if ((await releaseDeadLeases(sql, this.#tuning.deadAfterMs)) > 0) this.poke();
      await removeDeadWorkers(sql, this.#tuning.deadAfterMs * 6);
    } catch (error) {
      this.#report(error, "The database did not hear that this process lives.");
    }
  }

  #report(error: unknown, message: string, about: object = {}): void {
    this.#options.log.error({ err: error, worker: this.worker, ...about }, message);
  }
}
