import type { Issue } from "../../errors.ts";
import type { ReadFlow, ReadStep } from "./read-flow.ts";

/** Entries and exits that lead to no step of the flow. */
export function targetIssues({ entries, steps, byName }: ReadFlow): Issue[] {
  const isMissing = (target: string | null) => target !== null && !byName.has(target);
  const missing = (path: string, target: string | null) => ({ path, message: `there is no step "${target}"` });
  const fromEntries = entries.filter(({ next }) => isMissing(next)).map(({ at, next }) => missing(`${at}.next`, next));
  const fromSteps = steps.flatMap(({ at, exits, kind, config }) => {
    const named = kind?.leadsTo && config ? kind.leadsTo(config.value) : {};
    return [
      ...Object.entries(exits).map(([exit, target]) => ({ path: `${at}.exits.${exit}`, target })),
      ...Object.entries(named).map(([field, target]) => ({ path: `${at}.config.${field}`, target })),
    ].flatMap(({ path, target }) => (isMissing(target) ? [missing(path, target)] : []));
  });
  return [...fromEntries, ...fromSteps];
}

/** Exits that a step must have and has not, and those that it has and cannot have. */
export function exitNameIssues({ steps }: ReadFlow): Issue[] {
  return steps.flatMap(exitNamesOf);
}

function exitNamesOf({ at, kind, kindName, config, exits: given }: ReadStep): Issue[] {
  if (!(kind && config)) return [];
  const exits = kind.exits(config.value);
  const missing = exits.filter((exit) => !Object.hasOwn(given, exit));
  const surplus = Object.keys(given).filter((exit) => !exits.includes(exit));
  const none = `a step of kind "${kindName}" has no exits`;
  return [
    ...missing.map((exit) => ({
      path: `${at}.exits.${exit}`,
      message: "this exit must lead to a step, or to null to end the run",
    })),
    ...surplus.map((exit) => ({
      path: `${at}.exits.${exit}`,
      message: exits.length === 0 ? none : `there is no such exit; this step has ${exits.join(", ")}`,
    })),
  ];
}
