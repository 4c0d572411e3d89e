import type { CompiledFlow } from "./compile.ts";

/** The messages that a run at a step comes to first: by the first exit of each step, and by whichever way. */
export type NextSends = { straight: string | null; worst: string[] };

/** For each step of a flow, the first sending steps that a run which leaves it comes to. */
export function nextSends(flow: Pick<CompiledFlow, "steps">): Map<string, NextSends> {
  return new Map(
    [...flow.steps.keys()].map((name) => [name, { straight: straight(flow, name), worst: worst(flow, name) }]),
  );
}

/** The first sending step from each entry, the one that the entry leads to included. */
export function firstSends({ entries, steps }: Pick<CompiledFlow, "entries" | "steps">): Map<string, NextSends> {
  const at = nextSends({ steps });
  return new Map(
    entries.map(({ name, next }) => [
      name,
      isSending({ steps }, next) ? { straight: next, worst: [next] } : (at.get(next) ?? { straight: null, worst: [] }),
    ]),
  );
}

type Steps = Pick<CompiledFlow, "steps">;

function isSending({ steps }: Steps, name: string): boolean {
  const step = steps.get(name);
  return step?.kind.sends?.(step.config) ?? false;
}

function straight(flow: Steps, from: string): string | null {
  const seen = new Set<string>();
  for (let name = firstExit(flow, from); name !== null && !seen.has(name); name = firstExit(flow, name)) {
    if (isSending(flow, name)) return name;
    seen.add(name);
  }
  return null;
}

/** Where the exit that the kind names first leads; the order of a stored definition says nothing. */
function firstExit({ steps }: Steps, name: string): string | null {
  const step = steps.get(name);
  const [first] = step ? step.kind.exits(step.config) : [];
  return (first === undefined ? Object.values(step?.exits ?? {})[0] : step?.exits[first]) ?? null;
}

function worst(flow: Steps, from: string): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = targets(flow, from);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (isSending(flow, name)) found.add(name);
    else open.push(...targets(flow, name));
  }
  return [...found].sort();
}

function targets({ steps }: Steps, name: string): string[] {
  return Object.values(steps.get(name)?.exits ?? {}).filter((target) => target !== null);
}
