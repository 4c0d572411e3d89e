import type { Contact, ContactChange } from "../contact.ts";
import type { Count } from "./counts.ts";
import type { EffectRequest } from "./effect.ts";
import type { Run, TrailEntry } from "./run.ts";
import type { NewOccurrence } from "./step-kind.ts";

/** An effect as a step asked for it: `visit` and `ordinal` make its idempotency key stable. */
export type AskedEffect = EffectRequest & { step: string; visit: number; ordinal: number; awaited: boolean };

/** A variant that a run took in the test of a step. */
export type TakenVariant = { step: string; visit: number; variant: string };

/** What an advance decided, as data: nothing of it has happened yet. */
export type Advanced = {
  run: Run;
  contact: Contact;
  changes: ContactChange[];
  effects: AskedEffect[];
  occurrences: NewOccurrence[];
  /** Tests in which the run takes part from here on. */
  variants: TakenVariant[];
  trail: TrailEntry[];
  counts: Count[];
  /** What a step threw: bugs, for the log. The run has ended as failed. */
  bugs: unknown[];
};

/** A run about to be moved: nothing decided yet. */
export function unmoved(run: Run, contact: Contact): Advanced {
  return { run, contact, changes: [], effects: [], occurrences: [], variants: [], trail: [], counts: [], bugs: [] };
}
