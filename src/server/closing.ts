import { setTimeout as delay } from "node:timers/promises";

export type Closing = {
  /** Adds something that is to be closed before everything added earlier. `Infinity` gives it all the time that is left. */
  add(name: string, limitMs: number, close: () => Promise<unknown>): void;
  /** Closes all, the latest first. What fails or takes longer than its limit is reported and left behind. */
  closeAll(): Promise<void>;
};

export type ClosingOptions = {
  report: (problem: { name: string; error?: unknown }) => void;
  /** The most that all of it together may take, in milliseconds. */
  totalMs: number;
};

/** Collects what has to be closed, in the order in which it was opened. */
export function createClosing({ report, totalMs }: ClosingOptions): Closing {
  const open: { name: string; limitMs: number; close: () => Promise<unknown> }[] = [];
  return {
    add: (name, limitMs, close) => void open.push({ name, limitMs, close }),
    async closeAll() {
      const endAt = performance.now() + totalMs;
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        const { name, limitMs, close } = next;
        try {
          const isClosed = await within(Math.min(limitMs, Math.max(0, endAt - performance.now())), close());
          if (!isClosed) report({ name });
        } catch (error) {
          report({ name, error });
        }
      }
    },
  };
}

async function within(limitMs: number, work: Promise<unknown>): Promise<boolean> {
  const abort = new AbortController();
  const late = delay(limitMs, false, { signal: abort.signal }).catch(() => false);
  const isDone = await Promise.race([work.then(() => true), late]).finally(() => abort.abort());
  // Left behind, it may still fail, and nobody is there to hear it.
  if (!isDone) work.catch(() => undefined);
  return isDone;
}
