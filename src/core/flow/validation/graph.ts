import type { ReadFlow, ReadStep } from "./read-flow.ts";

/** The steps that this one leads to, whether by its exits or by its configuration. Names of steps that are not there included. */
export function targetsOf({ kind, config, exits }: ReadStep): string[] {
  const named = kind?.leadsTo && config ? Object.values(kind.leadsTo(config.value)) : [];
  return [...Object.values(exits).filter((target) => target !== null), ...named];
}

/** Every step that a walk from these comes to, themselves included. `mayVisit` keeps the walk to a part of the flow. */
export function reachedFrom(
  { byName }: ReadFlow,
  starts: readonly string[],
  mayVisit: (step: ReadStep) => boolean = () => true,
): Set<string> {
  const reached = new Set<string>();
  const open = [...starts];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const step = byName.get(name);
    if (!step || reached.has(name) || !mayVisit(step)) continue;
    reached.add(name);
    open.push(...targetsOf(step));
  }
  return reached;
}

/** The names of the steps that runs come to without an exit that leads there. */
export function reachedFromAnywhere({ steps }: ReadFlow): string[] {
  return steps
    .filter(({ kind, config }) => config !== null && kind?.reachedFromAnywhere?.(config.value))
    .map(({ name }) => name);
}
