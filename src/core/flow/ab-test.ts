import { addDuration, type Duration } from "../time.ts";
import type { AboutRun } from "./about-run.ts";
import { occurrenceName } from "./occurrence-names.ts";

/** What counts as a win: a message that was opened or clicked, or a goal: an event about the run, or a step that it comes to. */
export type WonBy = "opens" | "clicks" | ({ event: string } & AboutRun) | { step: string };

/** A test of variants: by what one wins, and when that is decided (both, where both are given). */
export type AbTest = {
  variants: readonly { name: string; weight: number }[];
  by: WonBy;
  decide: { participants?: number | undefined; after?: Duration | undefined };
};

/** How far a test is: since when contacts take part, and the variant that has won, if one has. */
export type AbState = { startedAt: Date; winner: string | null };

/** How a variant fares: runs that took it while the test was open, and those of them that came to what counts. */
export type AbFigures = { variant: string; participants: number; wins: number };

/** The names of the events by which variants win. */
export function winNames(by: WonBy): string[] {
  if (by === "clicks") return [occurrenceName.message("clicked")];
  // Whoever clicks has opened, though many mail programs hide that.
  if (by === "opens") return [occurrenceName.message("opened"), occurrenceName.message("clicked")];
  return "event" in by ? [by.event] : [];
}

/** What an event has to be, besides its name, to count for a run; null when its name is enough, or no event counts. */
export function goalAbout(by: WonBy): AboutRun | null {
  return typeof by !== "string" && "event" in by && (by.where !== undefined || by.key !== undefined) ? by : null;
}

/** True when the test has run for its span, or needs none. */
export function hasRunItsSpan({ decide }: AbTest, startedAt: Date, { now, timeZone }: { now: Date; timeZone: string }) {
  return decide.after === undefined || addDuration(startedAt, decide.after, timeZone) <= now;
}

/** The variant that has won by these figures, null while too few have taken part. Of equal ones the first in the list. */
export function winnerOf({ variants, decide }: AbTest, figures: readonly AbFigures[]): string | null {
  const known = variants.map(({ name }) => figures.find(({ variant }) => variant === name) ?? none(name));
  const all = known.reduce((sum, { participants }) => sum + participants, 0);
  if (all < (decide.participants ?? 1)) return null;
  const [best] = known.sort((one, other) => rate(other) - rate(one));
  return best?.variant ?? null;
}

function none(variant: string): AbFigures {
  return { variant, participants: 0, wins: 0 };
}

function rate({ participants, wins }: AbFigures): number {
  return participants === 0 ? -1 : wins / participants;
}
