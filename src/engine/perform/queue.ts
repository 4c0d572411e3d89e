import type { Gatherer } from "../../operations/gather.ts";
import { isDataFault, isOutage } from "../../storage/data-fault.ts";
import type { OutboxKey, OutboxRow } from "../../storage/outbox.ts";
import { type Alarms, createAlarms } from "../wake.ts";
import type { EffectPerformer, Settlement } from "./performer.ts";

export type EffectQueueOptions = {
  performer: EffectPerformer;
  settler: Gatherer<Settlement, undefined>;
  now: () => Date;
  /** The most effects held at once, waiting or being performed. */
  maxHeld: number;
  /** False while this process cannot be sure that its leases still hold: then nothing new is begun. */
  mayBegin: () => boolean;
  /** Takes due effects of this kind from the outbox. */
  claim: (limit: number) => Promise<OutboxRow[]>;
  /** Loads what performing these effects needs. */
  prepare: (effects: OutboxRow[]) => Promise<void>;
  /** When the next effect that nobody holds is due. */
  nextDue: () => Promise<Date | null>;
  onError: (error: unknown) => void;
};

const bugPauseMs = 5000;
const maxBugs = 20;
const maxRefusals = 3;
const claimSize = 500;

/** Performs the effects of one kind, up to its concurrency at a time: those handed over, and those found in the outbox. */
export class EffectQueue {
  readonly #options: EffectQueueOptions;
  readonly #alarm: Alarms;
  readonly #begun = new Set<OutboxRow>();
  readonly #pauses = new Map<NodeJS.Timeout, OutboxRow>();
  #waiting: OutboxRow[] = [];
  #claimed: OutboxRow[] = [];
  #claiming = false;
  #wanted = false;
  #stopped = false;
  #performing = 0;
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
    const held = this.#waiting.length + this.#claimed.length + this.#begun.size + this.#pauses.size;
    return this.#stopped ? 0 : this.#options.maxHeld - held;
  }

  /** All effects that this process means to finish: waiting, being performed, or done and not yet written down. */
  held(): OutboxRow[] {
    return [...this.#waiting, ...this.#claimed, ...this.#begun, ...this.#pauses.values()];
  }

  /** Takes effects that were born leased to this process. */
  add(effects: OutboxRow[]): void {
    this.#waiting.push(...effects);
    this.#pump();
  }

  /** Looks into the outbox: something is due there, or may be. */
  poke(): void {
    if (this.#stopped) return;
    this.#wanted = true;
    if (this.#claiming || this.room() <= 0 || !this.#options.mayBegin()) return;
    this.#claiming = true;
    this.#wanted = false;
    void this.#fetch().finally(() => {
      this.#claiming = false;
      this.#pump();
    });
  }

  /** Goes on after a time in which nothing was to be begun, and looks into the outbox. */
  resume(): void {
    this.#pump();
    this.poke();
  }

  /** Forgets what waits here and was not begun, and returns it. */
  drop(): OutboxKey[] {
    const dropped = this.#waiting;
    this.#waiting = [];
    return dropped;
  }

  /** Finishes what is being performed, and leaves the rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.close();
    this.#waiting = [];
    for (const timer of this.#pauses.keys()) clearTimeout(timer);
    this.#pauses.clear();
    await this.idle();
    await this.#options.performer.close();
  }

  /** Resolves when nothing is held and nothing that is due was left in the outbox. */
  idle(): Promise<void> {
    if (this.isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  isIdle(): boolean {
    if (this.#begun.size > 0 || this.#claiming) return false;
    return this.#stopped || (this.#waiting.length === 0 && !this.#wanted);
  }

  #pump(): void {
    const { performer, mayBegin, maxHeld } = this.#options;
    while (!this.#stopped && this.#performing < performer.concurrency && this.#waiting.length > 0 && mayBegin()) {
      void this.#run(this.#waiting.shift() as OutboxRow);
    }
    if (this.#wanted && this.room() >= maxHeld / 2) this.poke();
    if (!this.isIdle()) return;
    for (const resolve of this.#idlers) resolve();
    this.#idlers = [];
  }

  async #run(effect: OutboxRow): Promise<void> {
    this.#begun.add(effect);
    this.#performing += 1;
    const settlement = await this.#options.performer
      .perform(effect)
      .catch((error: unknown) => this.#bug(effect, error));
    this.#performing -= 1;
    // The next one need not wait until this one is written down: what is written is batched, and larger batches cost less.
    this.#pump();
    await this.#settle(settlement);
    this.#begun.delete(effect);
    this.#pump();
  }

  /** A bug, or the database is away. The effect goes back to the outbox, and is given up when that does not help either. */
  #bug(effect: OutboxRow, error: unknown): Settlement {
    this.#options.onError(error);
    const attempt = effect.attempt + (isOutage(error) ? 0 : 1);
    if (attempt >= maxBugs) return this.#options.performer.giveUp(effect);
    return { effect, next: { kind: "retry", attempt, at: new Date(this.#options.now().getTime() + bugPauseMs) } };
  }

  /** Writes down what came of an effect. What was done to the world cannot be undone, so the note of it is kept until it is written. */
  async #settle(settlement: Settlement, refusals = 0): Promise<void> {
    const { effect, next } = settlement;
    try {
      await this.#options.settler.add(settlement);
      if (next.kind === "retry") this.#wakeAt(next.at);
    } catch (error) {
      this.#options.onError(error);
      if (this.#stopped) return;
      const refused = refusals + (isDataFault(error) ? 1 : 0);
      const again = refused < maxRefusals ? settlement : this.#options.performer.giveUp(effect);
      const timer = setTimeout(() => {
        this.#pauses.delete(timer);
        this.#begun.add(effect);
        void this.#settle(again, refused).then(() => {
          this.#begun.delete(effect);
          this.#pump();
        });
      }, bugPauseMs);
      timer.unref();
      this.#pauses.set(timer, effect);
    }
  }

  /** Sets the alarm to the earlier of `at` and what it is set to. What is due already is looked for at once. */
  #wakeAt(at: Date): void {
    if (at <= this.#options.now()) {
      this.poke();
      return;
    }
    if (this.#stopped || (this.#nextAt !== null && this.#nextAt <= at)) return;
    this.#nextAt = at;
    this.#alarm.set(0, at);
  }

  async #fetch(): Promise<void> {
    const { claim, nextDue, onError, now } = this.#options;
    this.#nextAt = null;
    try {
      const limit = Math.min(this.room(), claimSize);
      this.#claimed = await claim(limit);
      const isMore = this.#claimed.length === limit;
      await this.#ready(this.#claimed);
      if (isMore) this.#wanted = true;
      else {
        const next = await nextDue();
        if (next) this.#wakeAt(next);
      }
    } catch (error) {
      onError(error);
      this.#wakeAt(new Date(now().getTime() + bugPauseMs));
    } finally {
      this.#claimed = [];
    }
  }

  /** Puts claimed effects in line, but for those that an earlier process may have performed. One that cannot be prepared costs no other. */
  async #ready(effects: OutboxRow[]): Promise<void> {
    if (effects.length === 0) return;
    const { performer, prepare } = this.#options;
    try {
      await prepare(effects);
      const found = await performer.recover?.(effects);
      this.#claimed = this.#claimed.filter((effect) => !effects.includes(effect));
      this.#waiting.push(...(found?.perform ?? effects));
      await Promise.all((found?.settle ?? []).map((settlement) => this.#settle(settlement)));
    } catch (error) {
      const [first] = effects;
      if (effects.length === 1 && first) return this.#settle(this.#bug(first, error));
      for (const effect of effects) await this.#ready([effect]);
    }
  }
}
