import { occurrenceName } from "./occurrence-names.ts";
import type { Admission, Occurrence } from "./step-kind.ts";

/** What an entry says that only starts made for it can come in by. */
export function acceptsOwnStart({ name, target }: Occurrence, entry: string): Admission {
  if (target === null || name !== occurrenceName.start(target.flowId)) return { admit: false, reason: "other_event" };
  return target.entry === entry ? { admit: true } : { admit: false, reason: "other_entry" };
}
