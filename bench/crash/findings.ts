import { type SentEvent, variantOf } from "./load.ts";
import type { Ending } from "./story.ts";

/** What was found to be wrong, a sentence each; and how many messages were open at some time. */
export type Findings = { lost: string[]; duplicated: string[]; misplaced: string[]; unknown: number };

export type RunRow = {
  id: string;
  eventId: string;
  status: string;
  step: string | null;
  reason: string | null;
  version: number;
  /** Of what was waited for and came. */
  awaitedKey: string | null;
};
export type MessageRow = {
  id: string;
  runId: string;
  step: string;
  visit: number;
  status: string;
  wasUnknown: boolean;
};

/** How the run that an event starts must end. */
export function endingOf(event: SentEvent): Ending {
  return event.story.ending(variantOf(event));
}

/** Too few are lost, too many are duplicated. */
export function compareCount(
  findings: Findings,
  { what, is, wanted }: { what: string; is: number; wanted: number },
): void {
  if (is < wanted) findings.lost.push(`${what}: ${is}, not ${wanted}`);
  if (is > wanted) findings.duplicated.push(`${what}: ${is}, not ${wanted}`);
}

/** The items by a key. */
export function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
