import type { EffectAnswer, EffectKind } from "../../core/flow/effect.ts";
import type { TrailEntry } from "../../core/flow/run.ts";
import type { MessageEventRow } from "../../storage/message-events.ts";
import type { MessageUpdate } from "../../storage/messages.ts";
import type { OutboxRow } from "../../storage/outbox.ts";
import type { SandboxMessageRow } from "../../storage/sandbox-messages.ts";

/** What becomes of an effect in the outbox: its run gets an answer, it is tried again, it is done, or it waits for its held flow. */
export type Next =
  | { kind: "answer"; answer: EffectAnswer }
  | { kind: "retry"; attempt: number; at: Date; firstDueAt?: Date; putOff?: string }
  | { kind: "done" }
  | { kind: "hold" };

/** All that follows from one attempt at an effect, to be written in one commit. */
export type Settlement = {
  effect: OutboxRow;
  next: Next;
  trail?: TrailEntry;
  /** The name under which the roll-ups of the flow count it. */
  count?: string;
  message?: MessageUpdate;
  messageEvents?: MessageEventRow[];
  sandbox?: SandboxMessageRow;
};

/**
 * How effects of one kind are performed. `perform` makes one attempt and never rejects for anything the outside world did.
 * `recover` is asked about effects that came from the outbox, where an earlier process may have died at them: it returns those to
 * perform and settles the others. `giveUp` ends an effect that bugs of ours keep from being performed.
 */
export type EffectPerformer = {
  kind: EffectKind;
  concurrency: number;
  perform(effect: OutboxRow): Promise<Settlement>;
  recover?(effects: OutboxRow[]): Promise<{ perform: OutboxRow[]; settle: Settlement[] }>;
  giveUp(effect: OutboxRow): Settlement;
  close(): Promise<void>;
};

/** The step of the run that asked for an effect, as the trail shows it. */
export function trailPlace(effect: OutboxRow, kind: string, now: Date): Omit<TrailEntry, "outcome"> {
  return {
    visit: effect.visit,
    step: effect.step,
    kind,
    enteredAt: effect.firstDueAt.toISOString(),
    at: now.toISOString(),
  };
}
