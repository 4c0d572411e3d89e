import type { Issue } from "../../errors.ts";
import type { FlowDefinition } from "../definition.ts";
import { reservedVariables } from "../run-scope.ts";
import { reachedFrom, reachedFromAnywhere, targetsOf } from "./graph.ts";
import { type Mention, mentionsIn } from "./mentions.ts";
import type { ReadFlow } from "./read-flow.ts";

const workspaceFields = ["id", "name", "timeZone"];
/** What `run` holds before there is a run. */
const eventFields = ["eventName", "eventAt", "now"];

type Rules = Pick<FlowDefinition, "reentry" | "exitWhen" | "goals">;
/** What can be known where a variable is read: the sentence that says what is wrong with it, or null. */
type Known = { run(name: string): string | null; step(name: string): string | null };

/**
 * Variables that templates and conditions read and that can never have a value: answers of steps that are not there or cannot have run
 * before, variables of the run that no step sets. What is inside `event`, `contact` and an answer is not known beforehand.
 */
export function variableIssues(flow: ReadFlow, rules: Rules | null): Issue[] {
  const atEntry = { run: runAtEntry, step: () => "no step has run when this is looked at" };
  const run = runWithin(flow);
  const ruleKnown = { run, step: (name: string) => (flow.byName.has(name) ? null : noStep(name)) };
  const wholesale = flow.steps.some(({ kind, config }) => kind?.leadsTo && !config);
  const runsAfter = followers(flow);
  return [
    ...flow.entries.flatMap(({ at, given }) => issuesIn(given, `${at}.config`, atEntry)),
    ...flow.steps.flatMap(({ name, at, given }) => {
      const mayFollow = (earlier: string) => wholesale || runsAfter(earlier).has(name);
      const step = (earlier: string) =>
        ruleKnown.step(earlier) ??
        (mayFollow(earlier) ? null : `the step "${earlier}" cannot have run before this one`);
      return issuesIn(given, `${at}.config`, { run, step });
    }),
    ...(rules
      ? [
          ...issuesIn(rules.reentry, "reentry", atEntry),
          ...issuesIn(rules.exitWhen, "exitWhen", ruleKnown),
          ...issuesIn(rules.goals, "goals", ruleKnown),
        ]
      : []),
  ];
}

function issuesIn(value: unknown, path: string, known: Known): Issue[] {
  return mentionsIn(value, path).flatMap(({ variable, ...place }) => {
    const message = problemOf(variable, known);
    return message === null ? [] : [{ ...place, message }];
  });
}

function problemOf([root, name]: Mention["variable"], known: Known): string | null {
  if (typeof name !== "string") return null;
  if (root === "steps") return known.step(name);
  if (root === "run") return known.run(name);
  if (root !== "workspace" || workspaceFields.includes(name)) return null;
  return `there is no workspace.${name}; a workspace has ${workspaceFields.join(", ")}`;
}

function runAtEntry(name: string): string | null {
  return eventFields.includes(name)
    ? null
    : `there is no run when this is looked at; run has ${eventFields.join(", ")} here`;
}

/** In a flow with a step that may set anything, because it cannot be read, every name is let pass. */
function runWithin({ steps }: ReadFlow): Known["run"] {
  const isOpen = steps.some(({ kind, config }) => kind?.setsVars && !config);
  const set = new Set(steps.flatMap(({ kind, config }) => (config ? (kind?.setsVars?.(config.value) ?? []) : [])));
  return (name) =>
    isOpen || set.has(name) || reservedVariables.includes(name) ? null : `no step of the flow sets run.${name}`;
}

function noStep(name: string): string {
  return `there is no step "${name}" that could have left an answer`;
}

/** The steps that can come after a step in a run, found once for each step that is asked for. */
function followers(flow: ReadFlow): (name: string) => Set<string> {
  const anywhere = reachedFromAnywhere(flow);
  const found = new Map<string, Set<string>>();
  return (name) => {
    const step = flow.byName.get(name);
    const known = found.get(name) ?? reachedFrom(flow, [...(step ? targetsOf(step) : []), ...anywhere]);
    found.set(name, known);
    return known;
  };
}
