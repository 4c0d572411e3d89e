import type { Issue } from "../errors.ts";
import { type CompiledFlow, compileFlow, type Registry } from "../flow/compile.ts";
import { idOfName, resolveReferences } from "../flow/references.ts";
import { validateFlow } from "../flow/validate.ts";
import type { WorkspaceFacts } from "../flow/workspace-facts.ts";
import { issuesOf } from "../issues.ts";
import { isJsonObject, type Json } from "../json.ts";
import { addDuration } from "../time.ts";
import { readStory, type StoryInput } from "./read-story.ts";
import { simulate } from "./simulate.ts";
import { defaultLimits, type Simulation, type SimulationInput } from "./simulation.ts";
import { stubsSchema } from "./stubs.ts";

/** Flows as they are written, and a story as JSON. `until` is a year after the last event unless it is given. */
export type PlayInput = StoryInput & {
  flows: readonly { definition: Json; id?: string; version?: number }[];
  registry: Registry;
  workspace: WorkspaceFacts;
  answers?: unknown;
  now?: Date | null;
  until?: Date | null;
  limits?: SimulationInput["limits"];
} & Pick<SimulationInput, "defaultFrom" | "keepsTexts" | "mayGoOn" | "segments">;

export type Played = { ok: true; simulation: Simulation } | { ok: false; issues: Issue[] };

/** Checks flows and story, all problems at once, and plays them. Issue paths begin with `flows[0]`, `contacts[0]`, `events[0]` or `answers`. */
export function play(input: PlayInput): Played {
  const { registry, workspace, now = null, limits = defaultLimits } = input;
  const issues: Issue[] = [];
  const flows = input.flows.flatMap((flow, index) => {
    const read = readFlow(flow, { registry, workspace, path: `flows[${index}]` });
    if (read.ok) return [read.flow];
    issues.push(...read.issues);
    return [];
  });
  if (new Set(flows.map(({ id }) => id)).size < flows.length)
    issues.push({ path: "flows", message: "must not be the same flow twice, nor two of one name" });
  const stubs = stubsSchema.safeParse(input.answers ?? {});
  if (!stubs.success) issues.push(...issuesOf(stubs.error, "answers"));
  const read = readStory(input, { flows, workspaceId: workspace.id, now });
  // Without sound flows, what an event says of them cannot be judged.
  if (!read.ok && issues.length === 0) issues.push(...read.issues);
  if (!(read.ok && stubs.success) || issues.length > 0) return { ok: false, issues };
  const { subjects, from, last } = read.story;
  const until = input.until ?? addDuration(last, { amount: 366, unit: "days" });
  const { defaultFrom, keepsTexts, mayGoOn, segments } = input;
  const options = Object.fromEntries(
    Object.entries({ defaultFrom, keepsTexts, mayGoOn, segments }).filter(([, value]) => value !== undefined),
  );
  return {
    ok: true,
    simulation: simulate({ flows, workspace, subjects, stubs: stubs.data, from, until, limits, ...options }),
  };
}

type Reading = { registry: Registry; workspace: WorkspaceFacts; path: string };

function readFlow(
  { definition, id, version = 1 }: PlayInput["flows"][number],
  { registry, workspace, path }: Reading,
): { ok: true; flow: CompiledFlow } | { ok: false; issues: Issue[] } {
  const name = isJsonObject(definition) && typeof definition.name === "string" ? definition.name : "";
  const resolved = resolveReferences(definition, (named) => ({ id: idOfName(named) }));
  const checked = validateFlow(resolved.definition, registry);
  const issues = [...resolved.issues, ...(checked.ok ? [] : checked.issues)];
  if (!checked.ok || issues.length > 0)
    return { ok: false, issues: issues.map((issue) => ({ ...issue, path: under(path, issue.path) })) };
  const flowId = id ?? idOfName({ kind: "flow", name });
  const identity = { id: flowId, workspaceId: workspace.id, version, status: "active" as const };
  return { ok: true, flow: compileFlow(identity, checked.definition, registry) };
}

function under(path: string, rest: string): string {
  return rest === "" || rest.startsWith("[") ? `${path}${rest}` : `${path}.${rest}`;
}
