import type { Issue } from "../../errors.ts";
import { reachedFrom, reachedFromAnywhere } from "./graph.ts";
import type { ReadFlow } from "./read-flow.ts";

/** Steps that no run can ever come to. */
export function reachIssues(flow: ReadFlow): Issue[] {
  // Where a step leads that cannot be read is not known, so nothing can be said of the others.
  if (flow.steps.some(({ kind, config }) => kind?.leadsTo && !config)) return [];
  const reached = reachedFrom(flow, [...flow.entries.map(({ next }) => next), ...reachedFromAnywhere(flow)]);
  return flow.steps
    .filter(({ name }) => !reached.has(name))
    .map(({ at }) => ({ path: at, message: "no entry leads to this step" }));
}
