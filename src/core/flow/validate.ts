import type { z } from "zod";
import type { Issue } from "../errors.ts";
import { issuesOf } from "../issues.ts";
import { isJsonObject } from "../json.ts";
import { findJsonProblems } from "../json-problems.ts";
import { checkTemplate } from "../template/template.ts";
import type { Registry } from "./compile.ts";
import { entrySchema, type FlowDefinition, flowDefinitionSchema, flowLimits, stepSchema } from "./definition.ts";
import { exitNameIssues, targetIssues } from "./validation/exits.ts";
import { loopIssues } from "./validation/loops.ts";
import { reachIssues } from "./validation/reach.ts";
import { type ReadFlow, readFlow } from "./validation/read-flow.ts";
import { variableIssues } from "./validation/variables.ts";

export type Validated = { ok: true; definition: FlowDefinition } | { ok: false; issues: Issue[] };

/** The most problems that are told at once. */
const maxIssues = 500;
/** From so many nodes on a flow is not looked at any further: it is none that a person drew. */
const absurdNodes = 2000;

/**
 * Checks a flow as given by a person and names every problem at once: node, field and rule. Never throws, whatever it is given that
 * can be written as JSON.
 */
export function validateFlow(value: unknown, registry: Registry): Validated {
  const unusable = [...findJsonProblems(value, { checkText: true }), ...absurdIssues(value)];
  if (unusable.length > 0) return { ok: false, issues: unusable };
  const parsed = flowDefinitionSchema.safeParse(value);
  const issues = parsed.success
    ? definitionIssues(parsed.data, registry)
    : [...issuesOf(parsed.error), ...soundNodeIssues(value, registry)];
  return parsed.success && issues.length === 0
    ? { ok: true, definition: parsed.data }
    : { ok: false, issues: issues.slice(0, maxIssues) };
}

function definitionIssues(definition: FlowDefinition, registry: Registry): Issue[] {
  const flow = readFlow(definition, registry);
  return [
    ...sizeIssues(definition),
    ...nodeIssues(flow),
    ...graphIssues(flow),
    ...keyIssues(definition),
    ...variableIssues(flow, definition),
  ];
}

/**
 * The problems in what is sound in form, when the flow as a whole is not: so that nobody has to mend a flow twice. How the nodes hang
 * together can only be said when all of them are sound.
 */
function soundNodeIssues(value: unknown, registry: Registry): Issue[] {
  const given = isJsonObject(value) ? value : {};
  const entries = sound(given.entries, entrySchema);
  const steps = sound(given.steps, stepSchema);
  const flow = readFlow({ entries: entries.nodes, steps: steps.nodes }, registry);
  const isWhole = entries.isWhole && steps.isWhole;
  return [
    ...nodeIssues(flow),
    ...(isWhole ? [...graphIssues(flow), ...variableIssues(flow, null)] : exitNameIssues(flow)),
  ];
}

function sound<Node>(nodes: unknown, schema: z.ZodType<Node>): { nodes: Record<string, Node>; isWhole: boolean } {
  const given = Object.entries(isJsonObject(nodes) ? nodes : {});
  const parsed = given.map(([name, node]) => [name, schema.safeParse(node)] as const);
  const kept = parsed.flatMap(([name, { success, data }]) => (success ? [[name, data] as const] : []));
  return { nodes: Object.fromEntries(kept), isWhole: kept.length > 0 && kept.length === given.length };
}

function absurdIssues(value: unknown): Issue[] {
  const { entries, steps } = isJsonObject(value) ? value : {};
  const sections = Object.entries({ entries, steps });
  return sections.flatMap(([path, nodes]) => {
    const count = isJsonObject(nodes) ? Object.keys(nodes).length : 0;
    return count > absurdNodes ? [{ path, message: `must have at most ${limitOf(path)}, has ${count}` }] : [];
  });
}

function limitOf(section: string): number {
  return section === "steps" ? flowLimits.steps : flowLimits.entries;
}

function sizeIssues({ entries, steps }: FlowDefinition): Issue[] {
  return Object.entries({ entries, steps }).flatMap(([path, nodes]) => {
    const count = Object.keys(nodes).length;
    if (count === 0) return [{ path, message: "must have at least one" }];
    return count > limitOf(path) ? [{ path, message: `must have at most ${limitOf(path)}, has ${count}` }] : [];
  });
}

function nodeIssues({ entries, steps }: ReadFlow): Issue[] {
  return [...entries, ...steps].flatMap(({ issues }) => issues);
}

function graphIssues(flow: ReadFlow): Issue[] {
  return [...targetIssues(flow), ...exitNameIssues(flow), ...reachIssues(flow), ...loopIssues(flow)];
}

function keyIssues({ reentry: { key } }: FlowDefinition): Issue[] {
  return key === undefined ? [] : checkTemplate(key, "text", { path: "reentry.key" });
}
