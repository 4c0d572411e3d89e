import { AppError } from "../core/errors.ts";

type Waiting<Item, Result> = {
  item: Item;
  size: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
};

type Outcome<Result> = { results: (Result | Error)[] } | { error: unknown };

export type GatherOptions<Item, Result> = {
  /** Writes a batch and returns a result or an error for each item, in order. A throw rejects every item of the batch. */
  write: (batch: Item[]) => Promise<(Result | Error)[]>;
  sizeOf?: (item: Item) => number;
  maxBatch: number;
  maxInFlight: number;
  /** A batch beside others under way begins only when so much waits; from 1 on unless given. */
  besideFrom?: number;
  /** Above this many waiting, `add` refuses with `overloaded` instead of growing without bound. */
  maxWaiting: number;
};

/**
 * Batches what gathers while the last batches are being written: a lone item waits for nobody, a flood becomes few writes.
 * Batches begin in the order in which their items came.
 */
export class Gatherer<Item, Result> {
  readonly #options: GatherOptions<Item, Result> & { besideFrom: number };
  #waiting: Waiting<Item, Result>[] = [];
  #waitingSize = 0;
  #writingSize = 0;
  #inFlight = 0;
  #idlers: (() => void)[] = [];

  constructor(options: GatherOptions<Item, Result>) {
    this.#options = { besideFrom: 1, ...options };
  }

  /** Resolves with the item's result once its batch is written. Rejects with `overloaded` when too much waits. */
  add(item: Item): Promise<Result> {
    const size = this.#options.sizeOf?.(item) ?? 1;
    if (this.#waitingSize > 0 && this.#waitingSize + size > this.#options.maxWaiting) {
      const message = "Too much waits to be written; try again shortly.";
      return Promise.reject(new AppError("overloaded", message, { retryAfterSeconds: 1 }));
    }
    return new Promise((resolve, reject) => {
      const { besideFrom } = this.#options;
      const isEnoughNow = this.#waitingSize < besideFrom && this.#waitingSize + size >= besideFrom;
      this.#waiting.push({ item, size, resolve, reject });
      this.#waitingSize += size;
      // One turn later, so that what arrives in the same turn shares a batch.
      if (this.#waiting.length === 1 || isEnoughNow) setImmediate(() => this.#pump());
    });
  }

  /** Resolves when nothing waits and nothing is being written. */
  idle(): Promise<void> {
    if (this.depth() === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  /** How much waits or is being written. */
  depth(): number {
    return this.#waitingSize + this.#writingSize;
  }

  #pump(): void {
    while (this.#mayBegin()) void this.#flush(this.#cut());
  }

  #mayBegin(): boolean {
    const { maxInFlight, besideFrom } = this.#options;
    if (this.#waiting.length === 0 || this.#inFlight >= maxInFlight) return false;
    return this.#inFlight === 0 || this.#waitingSize >= besideFrom;
  }

  #cut(): Waiting<Item, Result>[] {
    let size = 0;
    let count = 0;
    for (const entry of this.#waiting) {
      if (count > 0 && size + entry.size > this.#options.maxBatch) break;
      size += entry.size;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#waitingSize -= size;
    return batch;
  }

  async #flush(batch: Waiting<Item, Result>[]): Promise<void> {
    const size = batch.reduce((sum, entry) => sum + entry.size, 0);
    this.#inFlight += 1;
    this.#writingSize += size;
    const outcome = await this.#write(batch);
    this.#inFlight -= 1;
    this.#writingSize -= size;
    // The next batch is on its way before those who wait for this one go on: they keep the thread busy for as long as a write takes.
    this.#pump();
    settle(batch, outcome);
    if (this.depth() > 0) return;
    for (const resolve of this.#idlers) resolve();
    this.#idlers = [];
  }

  async #write(batch: Waiting<Item, Result>[]): Promise<Outcome<Result>> {
    try {
      return { results: await this.#options.write(batch.map(({ item }) => item)) };
    } catch (error) {
      return { error };
    }
  }
}

function settle<Item, Result>(batch: Waiting<Item, Result>[], outcome: Outcome<Result>): void {
  batch.forEach(({ resolve, reject }, index) => {
    const result = "results" in outcome ? outcome.results[index] : undefined;
    if ("error" in outcome) reject(outcome.error);
    else if (result instanceof Error) reject(result);
    else resolve(result as Result);
  });
}
