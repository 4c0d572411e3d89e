import { ownMailEffect } from "../core/message/own-mail.ts";
import type { FlowCache } from "../operations/flow-cache.ts";
import { newId } from "../operations/new-id.ts";
import { isDataFault } from "../storage/data-fault.ts";
import type { Sql } from "../storage/database.ts";
import { claimEffects, nextEffectDue, releaseLeases } from "../storage/outbox.ts";
import { removeDeadWorkers, removeWorker } from "../storage/workers.ts";
import { type Background, createBackground } from "./background.ts";
import { Heart } from "./heart.ts";
import { LaneWorker } from "./lanes.ts";
import { passOneByOne } from "./pass/one-by-one.ts";
import { type PassOptions, type PassResult, runPass } from "./pass/pass.ts";
import type { HttpPerformer } from "./perform/http/http.ts";
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
  /** What calls the links of imports; absent where another process does. */
  http?: Pick<HttpPerformer, "perform">;
  roles: readonly string[];
  /** The id under which the others know this process; a new one when absent. */
  worker?: string;
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
  /** How often broadcasts, jobs and segments to build are looked for even without a signal. */
  backgroundSweepMs: number;
  heartbeatMs: number;
  deadAfterMs: number;
  maxHeld: number;
  quarantinePerMinute: number;
  /** How many contacts to take at once for a segment, and how old a definition has to be. */
  buildChunk: number;
  buildGraceMs: number;
};

const defaults: EngineTuning = {
  concurrentPasses: 2,
  lanesPerPass: 32,
  batch: 1000,
  sweepMs: 5000,
  backgroundSweepMs: 60_000,
  heartbeatMs: 2000,
  deadAfterMs: 10_000,
  maxHeld: 2000,
  quarantinePerMinute: 20,
  buildChunk: 2000,
  buildGraceMs: 1000,
};

/** The part of a process that moves runs and performs what they ask for. Everything it knows is in the database. */
export class Engine {
  readonly worker: string;
  readonly #options: EngineOptions;
  readonly #tuning: EngineTuning;
  readonly #lanes: LaneWorker;
  readonly #queues: EffectQueue[];
  readonly #settler;
  readonly #heart: Heart;
  readonly #background: Background;
  #quarantined: number[] = [];
  #stopping: Promise<void> | null = null;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.worker = options.worker ?? newId();
    this.#tuning = { ...defaults, ...options.tuning };
    const { sql, now, flows } = options;
    this.#settler = createSettler({ sql, flows, worker: this.worker, now, onWork: (lanes) => this.signal(lanes) });
    this.#lanes = new LaneWorker({
      ...{ now, passes: this.#tuning.concurrentPasses, lanesPerPass: this.#tuning.lanesPerPass },
      ...{ sweepMs: this.#tuning.sweepMs, retryMs: 50 },
      pass: (lanes) => this.#pass(lanes),
      onPass: (result) => this.#handOver(result),
      onError: (error) => this.#report(error, "A pass failed; its lanes are tried again."),
    });
    this.#queues = options.performers.map((performer) => this.#queue(performer));
    this.#heart = new Heart({
      ...{ sql, worker: this.worker, roles: options.roles, queues: this.#queues },
      ...{ heartbeatMs: this.#tuning.heartbeatMs, deadAfterMs: this.#tuning.deadAfterMs },
      // Effects can be performed by the rules of a workspace where no pass comes by to read them.
      onBeat: () => options.flows.refresh(sql),
      onError: (error) => this.#report(error, "The database did not hear that this process lives."),
    });
    this.#background = createBackground({
      ...{ sql, flows, now, passes: options.passes, tuning: this.#tuning },
      isBusy: () => !this.#lanes.isIdle(),
      onLanes: (lanes) => this.signal(lanes),
      onEffects: () => {
        for (const queue of this.#queues) queue.poke();
      },
      ...(options.onRemoteWork ? { onRemoteWork: options.onRemoteWork } : {}),
      ...(options.http ? { http: options.http } : {}),
      report: (error, message, about) => this.#report(error, message, about),
    });
  }

  /** Starts working. Resolves when this process is known to the others and the leases of dead ones are free. */
  async start(): Promise<void> {
    const { sql, alone } = this.#options;
    if (alone) await removeDeadWorkers(sql, 0);
    await this.#heart.start();
    this.#background.start();
    if (this.#options.passes) this.#lanes.start();
  }

  /** Says that lanes have work. */
  signal(lanes: Iterable<number>): void {
    if (this.#options.passes) this.#lanes.signal(lanes);
    else this.#options.onRemoteWork?.({ lanes: [...lanes], outbox: false });
  }

  /** Says that there is work beside the lanes: in the outbox, broadcasts, schedules, jobs, segments. */
  poke(): void {
    this.#background.signal();
    for (const queue of this.#queues) queue.poke();
  }

  /** Takes no more work, finishes what is in hand, gives the rest back. An engine that has stopped stays so. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const others = this.#background.stop();
    await this.#lanes.stop();
    await Promise.all(this.#queues.map((queue) => queue.stop()));
    await this.#settler.idle();
    await others;
    await this.#heart.stop();
    await releaseLeases(this.#options.sql, this.worker);
    await removeWorker(this.#options.sql, this.worker);
  }

  /** Resolves when nothing that is due is known to this process. For tests and benches. */
  async idle(): Promise<void> {
    while (!this.#isIdle()) {
      await this.#background.idle();
      await this.#lanes.idle();
      for (const queue of this.#queues) await queue.idle();
      await this.#settler.idle();
    }
  }

  #isIdle(): boolean {
    return (
      this.#background.isIdle() &&
      this.#lanes.isIdle() &&
      this.#queues.every((queue) => queue.isIdle()) &&
      this.#settler.depth() === 0
    );
  }

  async #pass(lanes: number[]): Promise<PassResult> {
    const startedAt = performance.now();
    const result = await this.#tryPass(lanes);
    this.#options.onPass?.(result, performance.now() - startedAt);
    if (result.items > 0) this.#background.moved();
    return result;
  }

  async #tryPass(lanes: number[]): Promise<PassResult> {
    const { sql, flows, now } = this.#options;
    const options: PassOptions = {
      ...{ sql, flows, now, worker: this.worker, batch: this.#tuning.batch },
      capacity: (kind, priority) => this.#queues.find((queue) => queue.kind === kind)?.room(priority) ?? 0,
      onBug: (error, about) =>
        this.#report(error, "A contact could not be handled; its runs have ended as failed.", about),
    };
    try {
      return await runPass(options, lanes);
    } catch (error) {
      if (!isDataFault(error)) throw error;
      this.#report(error, "A pass failed on its data; its contacts are taken one by one.");
      return passOneByOne({ ...options, ...this.#careful() }, lanes);
    }
  }

  #careful() {
    return {
      mayQuarantine: () => this.#mayQuarantine(),
      onResult: (result: PassResult) => this.#handOver(result),
      onError: (error: unknown) => this.#report(error, "A lane could not be passed over; it is tried again."),
    };
  }

  /** A contact now and then is bad data. Many at once are a bug of ours, which must not end everybody's runs. */
  #mayQuarantine(): boolean {
    const at = performance.now();
    this.#quarantined = this.#quarantined.filter((before) => at - before < 60_000);
    if (this.#quarantined.length >= this.#tuning.quarantinePerMinute) return false;
    this.#quarantined.push(at);
    return true;
  }

  #handOver({ effects, unleased, urgent }: PassResult): void {
    for (const queue of this.#queues) {
      const own = effects.filter(({ kind }) => kind === queue.kind);
      if (own.length > 0) queue.add(own);
    }
    if (unleased === 0) return;
    for (const queue of this.#queues) queue.poke(urgent);
    this.#options.onRemoteWork?.({ lanes: [], outbox: true });
  }

  #queue(performer: EffectPerformer): EffectQueue {
    const { sql, flows, now } = this.#options;
    const { kind } = performer;
    return new EffectQueue({
      ...{ performer, settler: this.#settler, now, maxHeld: this.#tuning.maxHeld },
      mayBegin: () => this.#heart.isHeard(),
      claim: (limit, lowest) => claimEffects(sql, { worker: this.worker, kind, now: now(), limit, lowest }),
      prepare: async (effects) => {
        const asked = effects.filter((effect) => ownMailEffect(effect) === null);
        await Promise.all([flows.refresh(sql), flows.need(sql, asked)]);
      },
      isHeld: ({ workspaceId, flowId }) => flows.holds(workspaceId, flowId, null),
      nextDue: (lowest) => nextEffectDue(sql, kind, lowest),
      onError: (error) => this.#report(error, "An effect could not be performed; it is tried again."),
    });
  }

  #report(error: unknown, message: string, about: object = {}): void {
    this.#heart.suspect();
    this.#options.log.error({ err: error, worker: this.worker, ...about }, message);
  }
}
