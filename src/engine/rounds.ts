import { type Alarms, createAlarms } from "./wake.ts";

/** What a round of work came to: go on at once, try again when something has moved, or rest until an instant (null: until a signal). */
export type Round = { kind: "again" } | { kind: "stuck" } | { kind: "rest"; until: Date | null };

/** Rests until the first of these instants. What is due and yet was not taken, another process has in hand. */
export function restUntil(instants: readonly (Date | null)[], now: Date): Round {
  const known = instants.flatMap((at) => at?.getTime() ?? []);
  if (known.length === 0) return { kind: "rest", until: null };
  const until = new Date(Math.min(...known));
  return until <= now ? { kind: "stuck" } : { kind: "rest", until };
}

export type RoundWorkerOptions = {
  /** One round; a rejection is tried again. */
  round: () => Promise<Round>;
  /** True while others should go first: the worker then rests as long as its round took. */
  givesWay?: () => boolean;
  now: () => Date;
  /** How often to look even without a signal, in milliseconds. */
  sweepMs: number;
  /** How long after a round that was stuck or failed to look again at the latest, in milliseconds. */
  retryMs: number;
  onError: (error: unknown) => void;
};

/**
 * Works off what is done in the background in small commits (broadcasts, jobs, segments to build), one round at a time: by signal, when something
 * falls due, and in a slow sweep as a safety net. Nothing of it is only in memory: what a process leaves, whoever comes next goes on with.
 */
export class RoundWorker {
  readonly #options: RoundWorkerOptions;
  readonly #alarms: Alarms;
  #running = false;
  #isDirty = false;
  #isActive = false;
  #retry: NodeJS.Timeout | null = null;
  #sweep: NodeJS.Timeout | null = null;
  #idlers: (() => void)[] = [];

  constructor(options: RoundWorkerOptions) {
    this.#options = options;
    this.#alarms = createAlarms(options.now, () => this.signal());
  }

  start(): void {
    this.#running = true;
    this.#sweep = setInterval(() => this.signal(), this.#options.sweepMs);
    this.#sweep.unref();
    this.signal();
  }

  /** Says that there is something to do. Before the start and after the stop it is not heard: a start looks by itself. */
  signal(): void {
    if (!this.#running) return;
    this.#isDirty = true;
    if (!this.#isActive) void this.#work();
  }

  /** Says that lines have become shorter: a round that was stuck may go on. */
  moved(): void {
    if (this.#retry) this.signal();
  }

  /** Starts no more rounds and waits for the one in hand. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#isDirty = false;
    if (this.#sweep) clearInterval(this.#sweep);
    this.#clearRetry();
    this.#alarms.close();
    this.#tellIdlers();
    await this.idle();
  }

  isIdle(): boolean {
    return !(this.#isActive || this.#isDirty || this.#retry);
  }

  /** Resolves when nothing that is due is known. */
  idle(): Promise<void> {
    if (this.isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  async #work(): Promise<void> {
    this.#isActive = true;
    while (this.#isDirty) {
      this.#isDirty = false;
      this.#clearRetry();
      const startedAt = performance.now();
      this.#after(await this.#round());
      if (this.#isDirty && this.#options.givesWay?.()) await this.#rest(performance.now() - startedAt);
    }
    this.#isActive = false;
    this.#tellIdlers();
  }

  #tellIdlers(): void {
    if (!this.isIdle()) return;
    for (const resolve of this.#idlers) resolve();
    this.#idlers = [];
  }

  async #round(): Promise<Round> {
    try {
      return await this.#options.round();
    } catch (error) {
      this.#options.onError(error);
      return { kind: "stuck" };
    }
  }

  #after(round: Round): void {
    if (!this.#running) return;
    if (round.kind === "again") this.#isDirty = true;
    else if (round.kind === "rest") this.#alarms.set(0, round.until);
    else this.#retry ??= setTimeout(() => this.signal(), this.#options.retryMs);
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  #clearRetry(): void {
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
  }
}
