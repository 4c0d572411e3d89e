import { laneCount } from "../core/id.ts";
import type { PassResult } from "./pass/pass.ts";
import { type Alarms, createAlarms } from "./wake.ts";

export type LaneWorkerOptions = {
  /** One pass over these lanes; a rejection leaves them for later. */
  pass: (lanes: number[]) => Promise<PassResult>;
  now: () => Date;
  /** Passes at the same time. */
  passes: number;
  /** The most lanes that one pass takes on. */
  lanesPerPass: number;
  /** How often every lane is looked at even without a signal, in milliseconds. */
  sweepMs: number;
  /** How long after a failed pass, or one whose lanes others held, they are tried again. Failures in a row wait longer, up to a sweep. */
  retryMs: number;
  onPass: (result: PassResult) => void;
  onError: (error: unknown) => void;
};

/** Makes passes over the lanes that have work: by signal, when a run falls due, and in a slow sweep as a safety net. */
export class LaneWorker {
  readonly #options: LaneWorkerOptions;
  readonly #dirty = new Set<number>();
  readonly #passing = new Set<number>();
  readonly #retries = new Set<NodeJS.Timeout>();
  readonly #alarms: Alarms;
  #active = 0;
  #failures = 0;
  #running = false;
  #sweep: NodeJS.Timeout | null = null;
  #idlers: (() => void)[] = [];

  constructor(options: LaneWorkerOptions) {
    this.#options = options;
    this.#alarms = createAlarms(options.now, (lanes) => this.signal(lanes));
  }

  start(): void {
    this.#running = true;
    this.signal(allLanes());
    this.#sweep = setInterval(() => this.signal(allLanes()), this.#options.sweepMs);
    this.#sweep.unref();
  }

  /** Says that these lanes have work. Before the start and after the stop it is not heard: a start looks at every lane. */
  signal(lanes: Iterable<number>): void {
    if (!this.#running) return;
    for (const lane of lanes) this.#dirty.add(lane);
    this.#pump();
  }

  /** Stops taking work and waits for the passes in hand. */
  async stop(): Promise<void> {
    this.#running = false;
    if (this.#sweep) clearInterval(this.#sweep);
    for (const timer of this.#retries) clearTimeout(timer);
    this.#retries.clear();
    this.#dirty.clear();
    this.#alarms.close();
    await this.idle();
  }

  /** Resolves when no lane is known to have work that is due. */
  idle(): Promise<void> {
    if (this.isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  isIdle(): boolean {
    return this.#active === 0 && this.#retries.size === 0 && this.#dirty.size === 0;
  }

  #pump(): void {
    while (this.#running && this.#active < this.#options.passes) {
      const lanes = this.#take();
      if (lanes.length === 0) break;
      void this.#work(lanes);
    }
    if (!this.isIdle()) return;
    for (const resolve of this.#idlers) resolve();
    this.#idlers = [];
  }

  /** The lanes signalled longest ago, that no pass of ours is in. */
  #take(): number[] {
    const lanes: number[] = [];
    for (const lane of this.#dirty) {
      if (lanes.length === this.#options.lanesPerPass) break;
      if (!this.#passing.has(lane)) lanes.push(lane);
    }
    for (const lane of lanes) this.#dirty.delete(lane);
    return lanes;
  }

  async #work(lanes: number[]): Promise<void> {
    this.#active += 1;
    for (const lane of lanes) this.#passing.add(lane);
    try {
      const result = await this.#options.pass(lanes);
      this.#failed(result.failed ?? []);
      this.#done(result);
    } catch (error) {
      this.#options.onError(error);
      this.#failed(lanes);
    } finally {
      this.#active -= 1;
      for (const lane of lanes) this.#passing.delete(lane);
      this.#pump();
    }
  }

  #failed(lanes: number[]): void {
    this.#failures = lanes.length === 0 ? 0 : this.#failures + 1;
    this.#later(lanes, Math.min(this.#options.retryMs * 2 ** Math.min(this.#failures, 10), this.#options.sweepMs));
  }

  #done(result: PassResult): void {
    this.#options.onPass(result);
    if (!this.#running) return;
    const present = this.#options.now();
    for (const lane of result.lanes) {
      const wakeAt = result.wakes.get(lane) ?? null;
      // What is due already is not left to a timer: it is work that is known.
      const isDue = wakeAt !== null && wakeAt <= present;
      this.#alarms.set(lane, isDue ? null : wakeAt);
      if (isDue) this.#dirty.add(lane);
    }
    for (const lane of result.busy) if (result.lanes.includes(lane)) this.#dirty.add(lane);
    this.#later(
      result.busy.filter((lane) => !result.lanes.includes(lane)),
      this.#options.retryMs,
    );
  }

  #later(lanes: number[], delayMs: number): void {
    if (lanes.length === 0 || !this.#running) return;
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      this.signal(lanes);
    }, delayMs);
    this.#retries.add(timer);
  }
}

function allLanes(): number[] {
  return Array.from({ length: laneCount }, (_, lane) => lane);
}
