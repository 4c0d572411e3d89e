import type { Contact, ContactChange } from "../contact.ts";
import type { AskedEffect, TakenVariant } from "./advanced.ts";
import type { Count } from "./counts.ts";
import type { Conversion } from "./goals.ts";
import type { Priority } from "./priority.ts";
import type { EventOutcome } from "./route.ts";
import type { Run, TrailEntry } from "./run.ts";
import type { NewOccurrence } from "./step-kind.ts";

/** What a pass has to write for one contact. `runs` holds the last state of every run that moved or began. */
export type Decision = {
  contact: Contact;
  changes: ContactChange[];
  runs: Map<string, { run: Run; isNew: boolean; trail: TrailEntry[] }>;
  effects: { run: Run; effect: AskedEffect }[];
  /** Runs that something ended before their time. What they asked for and nobody has begun is not to be done. */
  stopped: Run[];
  /** What such runs had asked for in this very decision. */
  withdrawn: { run: Run; effect: AskedEffect }[];
  /** The priority with which the contact is to be looked at again, because a run has changed it; null when none has, or nobody listens. */
  changed: Priority | null;
  /** What steps and changes made happen: to be recorded as events, in this order, behind what is in line. */
  occurrences: MadeOccurrence[];
  /** Variants of tests that runs took. */
  variants: (TakenVariant & { run: Run })[];
  outcomes: EventOutcome[];
  admissions: { flowId: string; key: string | null; runId: string; at: Date }[];
  counts: { flowId: string; version: number; name: Count }[];
  conversions: Conversion[];
  /** Bugs that were met, for the log; each has cost one run or one entry, and the rest went on. */
  bugs: { error: unknown; flowId: string; runId: string | null }[];
};

/** An event that a run made. `isHeard`: some flow listens to it. */
export type MadeOccurrence = NewOccurrence & { id: string; depth: number; priority: Priority; isHeard: boolean };

/** A decision in which nothing has happened yet. */
export function emptyDecision(contact: Contact): Decision {
  return {
    contact,
    changes: [],
    runs: new Map(),
    effects: [],
    stopped: [],
    withdrawn: [],
    changed: null,
    occurrences: [],
    variants: [],
    outcomes: [],
    admissions: [],
    counts: [],
    conversions: [],
    bugs: [],
  };
}
