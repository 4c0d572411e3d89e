import { type Condition, evaluate, explain } from "../condition/condition.ts";
import type { JsonObject } from "../json.ts";
import type { Scope } from "../scope.ts";
import type { Admission } from "./step-kind.ts";

/** The word of an entry whose event fits it in all else: what its condition says, when it has one. */
export function admitWhere(where: Condition | undefined, { scope, now }: { scope: Scope; now: Date }): Admission {
  if (where === undefined || evaluate(where, scope, now)) return { admit: true };
  return refuse("condition_not_met", { condition: explain(where, scope, now) });
}

/** The word of an entry that does not take what happened. `reason` has its sentence in explain-entry.ts. */
export function refuse(reason: string, detail?: JsonObject): Admission {
  return detail === undefined ? { admit: false, reason } : { admit: false, reason, detail };
}
