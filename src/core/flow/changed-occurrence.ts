import { occurrenceName } from "./occurrence-names.ts";
import { priorities } from "./priority.ts";
import type { Occurrence } from "./step-kind.ts";

/** What steps are told when the contact is to be looked at as it is now: no event, for nothing of it is kept. */
export function changedOccurrence(now: Date): Occurrence {
  const { contactChanged: name } = occurrenceName;
  return { id: "", name, payload: {}, acceptedAt: now, target: null, depth: 0, priority: priorities.normal };
}
