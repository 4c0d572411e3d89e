import type { z } from "zod";
import type { Issue } from "../core/errors.ts";
import type { flowDefinitionSchema } from "../core/flow/definition.ts";
import { idOfName, resolveReferences } from "../core/flow/references.ts";
import { validateFlow } from "../core/flow/validate.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";
import type { EntrySpec, StepSpec } from "./kinds.ts";

// biome-ignore lint/performance/noBarrelFile: this is the module that projects import, and the kinds are part of it.
export * from "./kinds.ts";

type Definition = z.input<typeof flowDefinitionSchema>;

/** The settings of a flow: re-entry, exit rules and the like. */
export type FlowSettings = Omit<Definition, "schema" | "name" | "entries" | "steps">;

/** Where exits lead: to a step of the flow, or null to end the run. */
type Exits<Exit extends string> = { readonly [Name in Exit]?: string | null };
type TargetsOf<Given> = Extract<Given[keyof Given], string>;
type NoOthers<Given, Exit extends string> = { readonly [Name in Exclude<keyof Given, Exit>]: never };

/**
 * A flow while it is written. `Names` are its steps so far, `Targets` those that something leads to. An exit that is not named leads to the step that
 * is written next; after the last one the run ends.
 */
export type FlowBuilder<Names extends string, Targets extends string> = {
  /** Adds an entry. It leads to the first step, unless another one is named. */
  on<const Next extends string = never>(entry: EntrySpec, next?: Next): FlowBuilder<Names, Targets | Next>;
  /** Adds a step. */
  step<const Name extends string, Exit extends string, Target extends string, const Given extends Exits<Exit> = object>(
    name: Name extends Names ? never : Name,
    step: StepSpec<Exit, Target>,
    exits?: Given & NoOthers<Given, Exit>,
  ): FlowBuilder<Names | Name, Targets | Target | TargetsOf<Given>>;
  /** The definition as JSON. It can be called once every step that something leads to is there. Throws a FlowError when the flow cannot run. */
  build: [Exclude<Targets, Names>] extends [never] ? () => JsonObject : { missingSteps: Exclude<Targets, Names> };
};

/** A flow that was written down cannot run; `issues` has every problem with its place. */
export class FlowError extends Error {
  readonly issues: readonly Issue[];

  constructor(name: string, issues: readonly Issue[]) {
    super(`The flow "${name}" cannot run:\n${issues.map(({ path, message }) => `${path} ${message}`).join("\n")}`);
    this.name = "FlowError";
    this.issues = issues;
  }
}

/** Begins a flow. */
export function flow(name: string, settings: FlowSettings = {}): FlowBuilder<never, never> {
  return builder({ name, settings, entries: [], steps: [] }) as unknown as FlowBuilder<never, never>;
}

/** A list by its name, wherever a definition wants the id of one: `import flows` puts the id of the server there. */
export function list(name: string): string {
  return reference("list", name);
}

/** A segment by its name. */
export function segment(name: string): string {
  return reference("segment", name);
}

/** Another flow by its name. */
export function flowNamed(name: string): string {
  return reference("flow", name);
}

function reference(kind: string, name: string): string {
  return { $staffetta: kind, name } as unknown as string;
}

type Written = {
  name: string;
  settings: FlowSettings;
  entries: readonly { entry: EntrySpec; next: string | undefined }[];
  steps: readonly { name: string; step: StepSpec; exits: Record<string, string | null> }[];
};

/** Untyped inside: the types of the outside stand for what was written so far. */
function builder(written: Written) {
  return {
    on: (entry: EntrySpec, next?: string) => builder({ ...written, entries: [...written.entries, { entry, next }] }),
    step: (name: string, step: StepSpec, exits: Record<string, string | null> = {}) =>
      builder({ ...written, steps: [...written.steps, { name, step, exits }] }),
    build: () => build(written),
  };
}

function build({ name, settings, entries, steps }: Written): JsonObject {
  const first = steps[0]?.name ?? "";
  const named = entries.map(({ entry, next = first }, index) => [
    entries.length === 1 ? "start" : `start-${index + 1}`,
    { ...entry, next },
  ]);
  const placed = steps.map(({ name: own, step, exits }, index) => [
    own,
    { ...step, exits: allExits(step, exits, steps[index + 1]?.name ?? null) },
  ]);
  const definition = plain({
    ...{ schema: 1, name },
    entries: Object.fromEntries(named),
    steps: Object.fromEntries(placed),
    ...settings,
  });
  const { definition: resolved } = resolveReferences(definition, (wanted) => ({ id: idOfName(wanted) }));
  const checked = validateFlow(resolved, { steps: stepKinds, entries: entryKinds });
  if (!checked.ok) throw new FlowError(name, checked.issues);
  return definition;
}

function allExits({ kind, config }: StepSpec, given: Record<string, string | null>, next: string | null) {
  const known = stepKinds[kind];
  const { definition } = resolveReferences(plain(config), (wanted) => ({ id: idOfName(wanted) }));
  const parsed = known?.config.safeParse(definition);
  const names = known && parsed?.success ? known.exits(parsed.data) : [];
  return { ...Object.fromEntries(names.map((exit) => [exit, next])), ...given };
}

/** As JSON would have it. */
function plain<Value extends object>(value: Value): JsonObject {
  return JSON.parse(JSON.stringify(value)) as Json as JsonObject;
}
