import type { Gatherer } from "../../operations/gather.ts";
import type { OutboxRow } from "../../storage/outbox.ts";
import { type Alarms, createAlarms } from "../wake.ts";
import type { EffectPerformer, Next, Settlement } from "./performer.ts";

export type EffectQueueOptions = {
  performer: EffectPerformer;
  settler: Gatherer<Settlement, undefined>;
  now: () => Date;
  /** The most effects held at once, waiting or being performed. */
  maxHeld: number;
  /** Takes due effects of this kind from the outbox. */
  claim: (limit: number) => Promise<OutboxRow[]>;
  /** When the next effect that nobody holds is due. */
  nextDue: () => Promise<Date | null>;
  onError: (error: unknown) => void;
};

const bugPauseMs = 5000;
const maxBugs = 20;
const givenUp: Next = { kind: "answer", answer: { ok: false, result: { reason: "internal_error" } } };

/** Performs the effects of one kind, up to its concurrency at a time: those handed over, and those found in the outbox. */
export class EffectQueue {
  readonly #options: EffectQueueOptions;
  readonly #alarm: Alarms;
  #waiting: OutboxRow[] = [];
  #running = 0;
  #claiming = false;
  #wanted = false;
  #stopped = false;
  #nextAt: Date | null = null;
  #idlers: (() => void)[] = [];

  constructor(options: EffectQueueOptions) {
    this.#options = options;
    this.#alarm = createAlarms(options.now, () => this.poke());
  }

  get kind() {
    return this.#options.performer.kind;
  }

  /** How many more effects may be born leased to this process. */
  room(): number {
    return this.#stopped ? 0 : this.#options.maxHeld - this.#waiting.length - this.#running;
  }

  /** Takes effects that were born leased to this process. */
  add(effects: OutboxRow[]): void {
    this.#waiting.push(...effects);
    this.#pump();
  }

  /** Looks into the outbox: something is due there, or may be. */
  poke(): void {
    this.#wanted = true;
    if (this.#claiming || this.#stopped || this.room() <= 0) return;
    this.#claiming = true;
    this.#wanted = false;
    void this.#fetch().finally(() => {
      this.#claiming = false;
      this.#pump();
    });
  }

  /** Forgets what waits here: its leases are no longer ours. */
  drop(): void {
    this.#waiting = [];
  }

  /** Finishes what is being performed, and leaves the rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.close();
    this.#waiting = [];
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idlers.push(resolve));
    await this.#options.performer.close();
  }

  /** Resolves when nothing is held and nothing that is due was left in the outbox. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  #isIdle(): boolean {
    if (this.#stopped) return this.#running === 0;
    return this.#running === 0 && this.#waiting.length === 0 && !this.#claiming && !this.#wanted;
  }

  #pump(): void {
    while (!this.#stopped && this.#running < this.#options.performer.concurrency && this.#waiting.length > 0) {
      void this.#run(this.#waiting.shift() as OutboxRow);
    }
    if (this.#wanted && this.room() >= this.#options.maxHeld / 2) this.poke();
    if (!this.#isIdle()) return;
    for (const resolve of this.#idlers) resolve();
    this.#idlers = [];
  }

  async #run(effect: OutboxRow): Promise<void> {
    this.#running += 1;
    try {
      await this.#settle(await this.#options.performer.perform(effect));
    } catch (error) {
      this.#options.onError(error);
      this.#again(effect);
    } finally {
      this.#running -= 1;
      this.#pump();
    }
  }

  /** A bug, or the database is away. The effect goes back to the outbox, and is given up when that does not help either. */
  #again(effect: OutboxRow): void {
    const timer = setTimeout(() => {
      if (this.#stopped) return;
      const attempt = effect.attempt + 1;
      const at = new Date(this.#options.now().getTime() + bugPauseMs);
      const next: Next = attempt < maxBugs ? { kind: "retry", attempt, at } : givenUp;
      this.#settle({ effect, next }).catch(() => this.#again(effect));
    }, bugPauseMs);
    timer.unref();
  }

  async #settle(settlement: Settlement): Promise<void> {
    await this.#options.settler.add(settlement);
    if (settlement.next.kind === "retry") this.#wakeAt(settlement.next.at);
  }

  /** Sets the alarm to the earlier of `at` and what it is set to. */
  #wakeAt(at: Date): void {
    if (this.#stopped || (this.#nextAt !== null && this.#nextAt <= at)) return;
    this.#nextAt = at;
    this.#alarm.set(0, at);
  }

  async #fetch(): Promise<void> {
    const { claim, nextDue, performer, onError } = this.#options;
    try {
      const limit = Math.min(this.room(), 500);
      const effects = await claim(limit);
      const found = effects.length > 0 ? await performer.recover?.(effects) : undefined;
      this.#waiting.push(...(found?.perform ?? effects));
      await Promise.all((found?.settle ?? []).map((settlement) => this.#settle(settlement)));
      this.#nextAt = null;
      if (effects.length === limit) this.#wanted = true;
      else {
        const next = await nextDue();
        if (next) this.#wakeAt(next);
      }
    } catch (error) {
      onError(error);
    }
  }
}
