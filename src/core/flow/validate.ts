import type { z } from "zod";
import { checkCondition } from "../condition/condition.ts";
import type { Issue } from "../errors.ts";
import { issuesOf } from "../issues.ts";
import { isJsonObject } from "../json.ts";
import { checkTemplate } from "../template/template.ts";
import type { Registry } from "./compile.ts";
import { entrySchema, type FlowDefinition, flowDefinitionSchema, flowLimits, stepSchema } from "./definition.ts";
import type { CheckContext } from "./step-kind.ts";

export type Validated = { ok: true; definition: FlowDefinition } | { ok: false; issues: Issue[] };

/** Checks a flow as given by a person and names every problem at once: node, field and rule. */
export function validateFlow(value: unknown, registry: Registry): Validated {
  const parsed = flowDefinitionSchema.safeParse(value);
  if (!parsed.success) return { ok: false, issues: [...issuesOf(parsed.error), ...soundNodeIssues(value, registry)] };
  const definition = parsed.data;
  const context = { stepNames: Object.keys(definition.steps) };
  const issues = [
    ...sizeIssues(definition),
    ...nodeIssues(definition.entries, registry.entries, { section: "entries", context }),
    ...nodeIssues(definition.steps, registry.steps, { section: "steps", context }),
    ...entryTargetIssues(definition),
    ...exitTargetIssues(definition),
    ...exitNameIssues(definition.steps, registry),
    ...reachIssues(definition),
    ...ruleIssues(definition),
  ];
  return issues.length === 0 ? { ok: true, definition } : { ok: false, issues };
}

/** The problems inside nodes that are sound in form, when the flow as a whole is not: so that nobody has to mend a flow twice. */
function soundNodeIssues(value: unknown, registry: Registry): Issue[] {
  const { entries, steps } = isJsonObject(value) ? value : {};
  const context = { stepNames: isJsonObject(steps) ? Object.keys(steps) : [] };
  const soundSteps = sound(steps, stepSchema);
  return [
    ...nodeIssues(sound(entries, entrySchema), registry.entries, { section: "entries", context }),
    ...nodeIssues(soundSteps, registry.steps, { section: "steps", context }),
    ...exitNameIssues(soundSteps, registry),
  ];
}

function sound<Node>(nodes: unknown, schema: z.ZodType<Node>): Record<string, Node> {
  const parsed = Object.entries(isJsonObject(nodes) ? nodes : {}).map(
    ([name, node]) => [name, schema.safeParse(node)] as const,
  );
  return Object.fromEntries(parsed.flatMap(([name, { success, data }]) => (success ? [[name, data]] : [])));
}

function sizeIssues({ entries, steps }: FlowDefinition): Issue[] {
  const issues: Issue[] = [];
  const counts = [
    ["entries", Object.keys(entries).length, flowLimits.entries],
    ["steps", Object.keys(steps).length, flowLimits.steps],
  ] as const;
  for (const [path, count, limit] of counts) {
    if (count === 0) issues.push({ path, message: "must have at least one" });
    if (count > limit) issues.push({ path, message: `must have at most ${limit}, has ${count}` });
  }
  return issues;
}

type Checkable = { config: z.ZodType; check?(config: never, context: CheckContext): Issue[] };
type Place = { section: "entries" | "steps"; context: CheckContext };

function nodeIssues(
  nodes: Record<string, { kind: string; config?: unknown }>,
  kinds: Readonly<Record<string, Checkable>>,
  place: Place,
): Issue[] {
  return Object.entries(nodes).flatMap(([name, node]) => {
    const at = `${place.section}.${name}`;
    const kind = Object.hasOwn(kinds, node.kind) ? kinds[node.kind] : undefined;
    if (!kind)
      return [
        { path: `${at}.kind`, message: `"${node.kind}" is not a kind; there are ${Object.keys(kinds).join(", ")}` },
      ];
    const parsed = kind.config.safeParse(node.config);
    const issues = parsed.success ? (kind.check?.(parsed.data as never, place.context) ?? []) : issuesOf(parsed.error);
    return issues.map((issue) => ({
      ...issue,
      path: issue.path === "" ? `${at}.config` : `${at}.config.${issue.path}`,
    }));
  });
}

function entryTargetIssues({ entries, steps }: FlowDefinition): Issue[] {
  return Object.entries(entries)
    .filter(([, entry]) => !Object.hasOwn(steps, entry.next))
    .map(([name, entry]) => ({ path: `entries.${name}.next`, message: `there is no step "${entry.next}"` }));
}

function exitTargetIssues({ steps }: FlowDefinition): Issue[] {
  return Object.entries(steps).flatMap(([name, step]) =>
    Object.entries(step.exits)
      .filter(([, target]) => target !== null && !Object.hasOwn(steps, target))
      .map(([exit, target]) => ({ path: `steps.${name}.exits.${exit}`, message: `there is no step "${target}"` })),
  );
}

function exitNameIssues(steps: FlowDefinition["steps"], registry: Registry): Issue[] {
  return Object.entries(steps).flatMap(([name, step]) => exitNamesOf(name, step, registry));
}

function exitNamesOf(name: string, step: FlowDefinition["steps"][string], registry: Registry): Issue[] {
  const kind = Object.hasOwn(registry.steps, step.kind) ? registry.steps[step.kind] : undefined;
  const parsed = kind?.config.safeParse(step.config);
  if (!kind || !parsed?.success) return [];
  const exits = kind.exits(parsed.data);
  const missing = exits.filter((exit) => !Object.hasOwn(step.exits, exit));
  const surplus = Object.keys(step.exits).filter((exit) => !exits.includes(exit));
  return [
    ...missing.map((exit) => ({
      path: `steps.${name}.exits.${exit}`,
      message: "this exit must lead to a step, or to null to end the run",
    })),
    ...surplus.map((exit) => ({
      path: `steps.${name}.exits.${exit}`,
      message:
        exits.length === 0
          ? `a step of kind "${step.kind}" has no exits`
          : `there is no such exit; this step has ${exits.join(", ")}`,
    })),
  ];
}

function reachIssues({ entries, steps }: FlowDefinition): Issue[] {
  const reached = new Set<string>();
  const open = Object.values(entries).map((entry) => entry.next);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name) || !Object.hasOwn(steps, name)) continue;
    reached.add(name);
    for (const target of Object.values(steps[name]?.exits ?? {})) if (target !== null) open.push(target);
  }
  return Object.keys(steps)
    .filter((name) => !reached.has(name))
    .map((name) => ({ path: `steps.${name}`, message: "no entry leads to this step" }));
}

function ruleIssues({ reentry, exitWhen }: FlowDefinition): Issue[] {
  const key =
    reentry.key === undefined
      ? []
      : checkTemplate(reentry.key, "text").map((issue) => ({ ...issue, path: "reentry.key" }));
  const rules = exitWhen.flatMap((rule, index) => {
    const [field, condition] = "event" in rule ? (["where", rule.where] as const) : (["when", rule.when] as const);
    if (condition === undefined) return [];
    return checkCondition(condition).map((issue) => ({
      ...issue,
      path: `exitWhen[${index}].${field}${issue.path ? `.${issue.path}` : ""}`,
    }));
  });
  return [...key, ...rules];
}
