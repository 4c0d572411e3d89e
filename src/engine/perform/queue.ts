import { type Priority, priorities } from "../../core/flow/priority.ts";
import type { Gatherer } from "../../operations/gather.ts";
import { isDataFault, isOutage } from "../../storage/data-fault.ts";
import type { OutboxKey, OutboxRow } from "../../storage/outbox.ts";
import { type Alarms, createAlarms } from "../wake.ts";
import type { EffectPerformer, Settlement } from "./performer.ts";
import { PriorityLine } from "./priority-line.ts";

export type EffectQueueOptions = {
  performer: EffectPerformer;
  settler: Gatherer<Settlement, undefined>;
  now: () => Date;
  /** The most effects held at once, waiting or being performed. */
  maxHeld: number;
  /** False while this process cannot be sure that its leases still hold: then nothing new is begun. */
  mayBegin: () => boolean;
  /** Takes due effects of this kind from the outbox, the urgent ones first and none less urgent than `lowest`. */
  claim: (limit: number, lowest: Priority) => Promise<OutboxRow[]>;
  /** Loads what performing these effects needs. */
  prepare: (effects: OutboxRow[]) => Promise<void>;
  /** True when the flow of the effect is held: it is not begun. */
  isHeld: (effect: OutboxRow) => boolean;
  /** When the next effect that nobody holds, none less urgent than `lowest`, is due. */
  nextDue: (lowest: Priority) => Promise<Date | null>;
  onError: (error: unknown) => void;
};

const urgencies = [priorities.high, priorities.normal, priorities.low] as const;
const bugPauseMs = 5000;
const maxBugs = 20;
const maxRefusals = 3;
const claimSize = 500;

/** The part of what is held, and of what is performed at once, that effects of a priority and the less urgent ones may fill together. */
const heldShares = [1, 0.875, 0.5] as const;
const performedShares = [1, 1, 0.75] as const;

/**
 * Performs the effects of one kind, up to its concurrency at a time: those handed over, and those found in the outbox. The urgent ones go
 * first, and the others never fill all of it.
 */
export class EffectQueue {
  readonly #options: EffectQueueOptions;
  readonly #alarm: Alarms;
  readonly #begun = new Set<OutboxRow>();
  readonly #pauses = new Map<NodeJS.Timeout, OutboxRow>();
  readonly #waiting = new PriorityLine<OutboxRow>();
  #claimed: OutboxRow[] = [];
  #claiming = false;
  #wanted = false;
  #asked: Priority | null = null;
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

  /** How many more effects of a priority may be born leased to this process. */
  room(priority: Priority): number {
    const held = this.#waiting.length + this.#claimed.length + this.#begun.size + this.#pauses.size;
    return this.#stopped ? 0 : Math.ceil(this.#options.maxHeld * heldShares[priority]) - held;
  }

  /** All effects that this process means to finish: waiting, being performed, or done and not yet written down. */
  held(): OutboxRow[] {
    return [...this.#waiting.all(), ...this.#claimed, ...this.#begun, ...this.#pauses.values()];
  }

  /** Takes effects that were born leased to this process. */
  add(effects: OutboxRow[]): void {
    this.#waiting.add(effects);
    this.#pump();
  }

  /** Looks into the outbox, when there is room: something of this priority is due there, or may be. */
  poke(priority: Priority = priorities.high): void {
    if (this.#stopped) return;
    this.#wanted = true;
    if (this.#claiming) this.#asked = this.#asked === null || priority < this.#asked ? priority : this.#asked;
    if (this.#claiming || this.room(priority) <= 0 || !this.#options.mayBegin()) return;
    this.#claiming = true;
    this.#wanted = false;
    void this.#fetch().finally(() => {
      this.#claiming = false;
      const asked = this.#asked;
      this.#asked = null;
      if (asked !== null) this.poke(asked);
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
    return this.#waiting.clear();
  }

  /** Finishes what is being performed, and leaves the rest. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.close();
    this.#waiting.clear();
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
    const { performer, mayBegin } = this.#options;
    for (;;) {
      const next = this.#waiting.first();
      if (this.#stopped || !next || !mayBegin()) break;
      if (this.#performing >= Math.ceil(performer.concurrency * performedShares[next.priority])) break;
      void this.#run(this.#waiting.shift() ?? next);
    }
    if (this.#wanted && this.#isHalfEmpty()) this.poke();
    if (!this.isIdle()) return;
    for (const resolve of this.#idlers) resolve();
    this.#idlers = [];
  }

  #isHalfEmpty(): boolean {
    const { low } = priorities;
    return this.room(low) >= (this.#options.maxHeld * heldShares[low]) / 2;
  }

  async #run(effect: OutboxRow): Promise<void> {
    this.#begun.add(effect);
    this.#performing += 1;
    const settlement = this.#options.isHeld(effect)
      ? { effect, next: { kind: "hold" as const } }
      : await this.#options.performer.perform(effect).catch((error: unknown) => this.#bug(effect, error));
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
      const lowest = urgencies.findLast((priority) => this.room(priority) > 0) ?? priorities.high;
      const limit = Math.min(this.room(lowest), claimSize);
      this.#claimed = await claim(limit, lowest);
      const isMore = this.#claimed.length === limit;
      await this.#ready(this.#claimed);
      const next = isMore ? null : await nextDue(lowest);
      if (next) this.#wakeAt(next);
      // What there was no room for is asked for when there is.
      if (isMore || lowest < priorities.low) this.#wanted = true;
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
      this.#waiting.add(found?.perform ?? effects);
      await Promise.all((found?.settle ?? []).map((settlement) => this.#settle(settlement)));
    } catch (error) {
      const [first] = effects;
      if (effects.length === 1 && first) return this.#settle(this.#bug(first, error));
      for (const effect of effects) await this.#ready([effect]);
    }
  }
}
