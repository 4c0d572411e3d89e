import type { z } from "zod";
import type { Issue } from "../../errors.ts";
import { issuesOf } from "../../issues.ts";
import type { Registry } from "../compile.ts";
import type { FlowDefinition } from "../definition.ts";
import type { CheckContext, EntryKind, StepKind } from "../step-kind.ts";

/** A node with its kind looked up and its configuration read once: `config` is null when either is not as it should be. */
type ReadNode<Kind> = {
  name: string;
  at: string;
  given: unknown;
  kind: Kind | undefined;
  config: { value: unknown } | null;
  issues: Issue[];
};
export type ReadEntry = ReadNode<EntryKind> & { next: string };
export type ReadStep = ReadNode<StepKind> & { kindName: string; exits: Readonly<Record<string, string | null>> };
export type ReadFlow = { entries: ReadEntry[]; steps: ReadStep[]; byName: ReadonlyMap<string, ReadStep> };

/** Reads the nodes of a flow: what is wrong inside of each is in its `issues`. */
export function readFlow({ entries, steps }: Pick<FlowDefinition, "entries" | "steps">, registry: Registry): ReadFlow {
  const context = { stepNames: Object.keys(steps) };
  const readSteps = Object.entries(steps).map(([name, node]) => ({
    ...readNode(`steps.${name}`, node, { kinds: registry.steps, context }),
    ...{ name, kindName: node.kind, exits: node.exits },
  }));
  const readEntries = Object.entries(entries).map(([name, node]) => ({
    ...readNode(`entries.${name}`, node, { kinds: registry.entries, context }),
    ...{ name, next: node.next },
  }));
  return { entries: readEntries, steps: readSteps, byName: new Map(readSteps.map((step) => [step.name, step])) };
}

type Checkable = { config: z.ZodType; check?(config: never, context: CheckContext): Issue[] };
type Reading<Kind> = { kinds: Readonly<Record<string, Kind>>; context: CheckContext };

function readNode<Kind extends Checkable>(
  at: string,
  node: { kind: string; config?: unknown },
  { kinds, context }: Reading<Kind>,
): Omit<ReadNode<Kind>, "name"> {
  const kind = Object.hasOwn(kinds, node.kind) ? kinds[node.kind] : undefined;
  if (!kind) {
    const message = `"${node.kind.slice(0, 100)}" is not a kind; there are ${Object.keys(kinds).join(", ")}`;
    return { at, given: node.config, kind, config: null, issues: [{ path: `${at}.kind`, message }] };
  }
  const parsed = kind.config.safeParse(node.config);
  const found = parsed.success ? (kind.check?.(parsed.data as never, context) ?? []) : issuesOf(parsed.error);
  const issues = found.map((issue) => ({
    ...issue,
    path: issue.path === "" ? `${at}.config` : `${at}.config.${issue.path}`,
  }));
  return { at, given: node.config, kind, config: parsed.success ? { value: parsed.data } : null, issues };
}
