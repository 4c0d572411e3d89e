import type { Issue } from "../../errors.ts";
import { reachedFrom, targetsOf } from "./graph.ts";
import type { ReadFlow, ReadStep } from "./read-flow.ts";

const shownSteps = 10;

/** Loops in which no step makes a run wait: a run would go round until the loop guard ends it. Each loop is named once. */
export function loopIssues(flow: ReadFlow): Issue[] {
  const reached = new Map(
    flow.steps.filter(isPassedAtOnce).map((step) => [step.name, reachedFrom(flow, targetsOf(step), isPassedAtOnce)]),
  );
  const told = new Set<string>();
  return flow.steps.flatMap(({ name, at }) => {
    const ahead = reached.get(name);
    if (!ahead?.has(name) || told.has(name)) return [];
    const loop = [...reached.keys()].filter((other) => ahead.has(other) && reached.get(other)?.has(name));
    for (const member of loop) told.add(member);
    return [{ path: at, message: messageOf(loop) }];
  });
}

function isPassedAtOnce({ kind, config }: ReadStep): boolean {
  return kind !== undefined && config !== null && !kind.pauses?.(config.value);
}

function messageOf(loop: readonly string[]): string {
  const names = loop.length > shownSteps ? [...loop.slice(0, shownSteps), "..."] : loop;
  const subject = loop.length === 1 ? "this step leads to itself" : `the steps ${names.join(", ")} lead to each other`;
  return `${subject} with nothing on the way that makes a run wait; a loop needs a step such as wait`;
}
