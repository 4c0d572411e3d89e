import type { ConditionReads } from "../condition/reads.ts";
import { readsOf } from "../condition/reads.ts";
import type { AbTest } from "./ab-test.ts";
import { conditionsIn } from "./conditions-in.ts";
import type { FlowDefinition } from "./definition.ts";
import { occurrenceName } from "./occurrence-names.ts";
import type { EntryKind, StepKind } from "./step-kind.ts";

/** The kinds a program knows, by name. */
export type Registry = { steps: Readonly<Record<string, StepKind>>; entries: Readonly<Record<string, EntryKind>> };

export type CompiledStep = {
  name: string;
  kind: StepKind;
  config: unknown;
  exits: Readonly<Record<string, string | null>>;
};
export type CompiledEntry = { name: string; kind: EntryKind; config: unknown; next: string };

/** A version of a flow, ready to run: kinds looked up, configurations parsed once. */
export type CompiledFlow = {
  id: string;
  workspaceId: string;
  version: number;
  status: "active" | "paused" | "archived";
  definition: FlowDefinition;
  steps: ReadonlyMap<string, CompiledStep>;
  entries: readonly CompiledEntry[];
  /** The entries that listen to an event, by its name, in their order. */
  entriesOf: ReadonlyMap<string, readonly CompiledEntry[]>;
  /** Names of events that an entry, a step or an exit rule listens to. */
  listensTo: ReadonlySet<string>;
  /** The steps that listen to an event, by its name. */
  listeners: ReadonlyMap<string, readonly CompiledStep[]>;
  /** The steps that are tests of variants. */
  tests: readonly { step: string; test: AbTest }[];
  /** True when some condition or template looks at the lists of the contact, which are loaded only then. */
  readsLists: boolean;
  /** The same for the segments of the contact. */
  readsSegments: boolean;
  /** What its conditions look at: events and messages of the contact are loaded only when they are among it. */
  reads: ConditionReads;
};

// The lists by name, or in a template the contact as a whole or by a computed name. Too often is harmless, too seldom is not.
const listReader = /\blists\b|\{[{%](?:(?![%}]\}).)*(?<![\w.-])contact\b(?!\s*\.)/;

type FlowIdentity = Pick<CompiledFlow, "id" | "workspaceId" | "version" | "status">;

/** Prepares a validated definition. Throws (a bug, or a version made by a newer program) when a kind is unknown. */
export function compileFlow(identity: FlowIdentity, definition: FlowDefinition, registry: Registry): CompiledFlow {
  const steps = new Map<string, CompiledStep>();
  for (const [name, step] of byName(definition.steps)) {
    const kind = known(registry.steps, step.kind);
    const config = kind.config.parse(step.config);
    steps.set(name, { name, kind, config, exits: { ...step.exits, ...kind.leadsTo?.(config) } });
  }
  const entries = byName(definition.entries).map(([name, entry]) => {
    const kind = known(registry.entries, entry.kind);
    return { name, kind, config: kind.config.parse(entry.config), next: entry.next };
  });
  const listeners = listenersOf([...steps.values()]);
  const entriesOf = entriesByEvent(entries, identity.id);
  const listensTo = new Set([
    ...entriesOf.keys(),
    ...exitNames(definition),
    ...goalEvents(definition),
    ...listeners.keys(),
  ]);
  const text = JSON.stringify(definition);
  const reads = readsOf(conditionsIn(definition));
  const readsSegments = reads.segments.size > 0 || /\bcontact\.segments\b/.test(text);
  return {
    ...identity,
    definition,
    steps,
    entries,
    entriesOf,
    listensTo,
    listeners,
    tests: testsOf([...steps.values()]),
    readsLists: listReader.test(text),
    readsSegments,
    reads,
  };
}

/** In the order of names: a database does not keep the order in which a person wrote them, and a flow must mean the same everywhere. */
function byName<Node>(nodes: Readonly<Record<string, Node>>): [string, Node][] {
  return Object.entries(nodes).sort(([one], [other]) => (one < other ? -1 : 1));
}

/** The names of events that can matter to a run: those of its steps, of its exit rules, and of the goals of its flow; the goals also apart. */
export function heardNames({ definition, listeners }: Pick<CompiledFlow, "definition" | "listeners">): {
  heardByRuns: string[];
  goalEvents: string[];
} {
  const goals = goalEvents(definition);
  return {
    heardByRuns: [...new Set([...exitNames(definition), ...goals, ...listeners.keys()])].sort(),
    goalEvents: goals,
  };
}

/** The names of events that can start the flow by this entry. */
export function listened({ kind, config, name }: CompiledEntry, flowId: string): readonly string[] {
  return kind.listensTo(config, { flowId, entry: name });
}

function entriesByEvent(entries: readonly CompiledEntry[], flowId: string): Map<string, CompiledEntry[]> {
  const found = new Map<string, CompiledEntry[]>();
  for (const entry of entries)
    for (const name of new Set(listened(entry, flowId))) found.set(name, [...(found.get(name) ?? []), entry]);
  return found;
}

function goalEvents({ goals = [] }: { goals?: FlowDefinition["goals"] }): string[] {
  return [...new Set(goals.map(({ event }) => event))];
}

/** A condition in an exit rule is looked at whenever the contact changes. */
function exitNames({ exitWhen }: FlowDefinition): string[] {
  return exitWhen.map((rule) => ("event" in rule ? rule.event : occurrenceName.contactChanged));
}

function listenersOf(steps: readonly CompiledStep[]): Map<string, CompiledStep[]> {
  const listeners = new Map<string, CompiledStep[]>();
  for (const step of steps)
    for (const name of step.kind.listensTo?.(step.config) ?? [])
      listeners.set(name, [...(listeners.get(name) ?? []), step]);
  return listeners;
}

function testsOf(steps: readonly CompiledStep[]): { step: string; test: AbTest }[] {
  return steps.flatMap(({ name, kind, config }) => {
    const test = kind.test?.(config);
    return test ? [{ step: name, test }] : [];
  });
}

function known<Kind>(kinds: Readonly<Record<string, Kind>>, name: string): Kind {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (!kind) throw new Error(`This program does not know the kind "${name}".`);
  return kind;
}
