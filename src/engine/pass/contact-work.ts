import type { ContactState, Work } from "../../core/flow/decide.ts";
import type { Run } from "../../core/flow/run.ts";
import type { CompiledSegment } from "../../core/segment/segment-set.ts";
import type { OpenParticipant } from "../../storage/ab-tests.ts";
import type { ContactKey } from "../../storage/contacts.ts";

/** A run that takes part in a test and may win it by an event of this pass. */
export type Participating = OpenParticipant & { run: Run };

/** One contact of a pass: what is known and what there is to do, in order. `state` is null when the contact is gone. */
export type ContactWork = {
  key: ContactKey;
  workspaceId: string;
  state: ContactState | null;
  runs: Run[];
  /** The runs that may win a test by an event about them. */
  participating: readonly Participating[];
  work: Work[];
  /** The segments whose membership the work, or time, may have changed. */
  segments: readonly CompiledSegment[];
  touch: "time" | "change";
  /** True when time alone may have changed a segment: all that time can change are among `segments`. */
  isDue: boolean;
  /** The most flows in a row that led to some of the work. */
  depth: number;
};
