import { parsePath } from "../../core/path.ts";
import { scopeRoots } from "../../core/scope.ts";

/** The sentence that says why `field` cannot be read from a run's scope, or null when it can. */
export function fieldProblem(field: string): string | null {
  const path = field.length <= 512 ? parsePath(field) : null;
  const isRooted = path !== null && path.length > 1 && (scopeRoots as readonly unknown[]).includes(path[0]);
  return isRooted
    ? null
    : `must be a path that starts with one of ${scopeRoots.join(", ")}, such as contact.renewalDate`;
}
