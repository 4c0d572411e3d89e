import type { EffectPerformer, Settlement } from "../engine/perform/performer.ts";
import type { OutboxRow } from "../storage/outbox.ts";

export type Deferred = { promise: Promise<void>; resolve(): void };

/** A promise that the test resolves. */
export function deferred(): Deferred {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

type FakeOptions = {
  concurrency?: number;
  /** Awaited in every call, before it answers. */
  wait?: (effect: OutboxRow) => Promise<void> | undefined;
  /** What comes of a call; an answer with status 200 unless said otherwise. */
  next?: (effect: OutboxRow) => Partial<Settlement>;
};

export type FakeHttp = { performer: EffectPerformer; keys: string[]; begun(count: number): Promise<void> };

/** A performer of HTTP actions that calls nobody. `keys` lists the calls in order; `begun` resolves when that many have begun. */
export function fakeHttp({ concurrency = 50, wait, next }: FakeOptions = {}): FakeHttp {
  const keys: string[] = [];
  const listeners: { count: number; told: Deferred }[] = [];
  const settled = (effect: OutboxRow): Settlement => ({
    effect,
    next: { kind: "answer", answer: { ok: true, result: { status: 200 } } },
    ...next?.(effect),
  });
  return {
    keys,
    async begun(count) {
      const told = deferred();
      listeners.push({ count, told });
      if (keys.length >= count) told.resolve();
      await told.promise;
    },
    performer: {
      kind: "http",
      concurrency,
      async perform(effect) {
        keys.push(`${effect.runId}:${effect.step}:${effect.visit}:${effect.ordinal}`);
        for (const { count, told } of listeners) if (keys.length >= count) told.resolve();
        await wait?.(effect);
        return settled(effect);
      },
      giveUp: (effect) => ({
        effect,
        next: { kind: "answer", answer: { ok: false, result: { reason: "internal_error" } } },
      }),
      close: async () => undefined,
    },
  };
}
