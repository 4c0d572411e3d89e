import { z } from "zod";
import type { Contact } from "../core/contact.ts";
import { type CompiledFlow, compileFlow, type Registry } from "../core/flow/compile.ts";
import type { ContactState, DecideContext } from "../core/flow/decide.ts";
import { flowDefinitionSchema } from "../core/flow/definition.ts";
import { newRun } from "../core/flow/new-run.ts";
import { priorities } from "../core/flow/priority.ts";
import type { Run } from "../core/flow/run.ts";
import type { Occurrence, StepContext, StepKind, StepOutcome } from "../core/flow/step-kind.ts";
import type { WorkspaceFacts } from "../core/flow/workspace-facts.ts";
import type { JsonObject } from "../core/json.ts";
import { defaultSettings } from "../core/workspace-settings.ts";
import { entryKinds, stepKinds } from "../steps/index.ts";
import { sampleContact } from "./step-suite.ts";

export const workspace: WorkspaceFacts = {
  id: "0190a000-0000-7000-8000-0000000000ff",
  name: "Shop",
  timeZone: "UTC",
  settings: defaultSettings,
};
export const noon = new Date("2026-03-01T12:00:00Z");

/** The kinds of the product, and `odd`: a step that does what a test says. */
export function registryWith(odd: (context: StepContext) => StepOutcome = () => ({ kind: "end" })): Registry {
  const kind: StepKind = {
    name: "odd",
    title: "Odd",
    config: z.unknown(),
    exits: () => ["next"],
    pauses: () => true,
    run: (_config, context) => odd(context),
  };
  return { steps: { ...stepKinds, odd: kind }, entries: entryKinds };
}

/** A definition with an entry on `go` that leads to the first step, changed by `changes`. */
export function definitionOf(steps: JsonObject, changes: JsonObject = {}): JsonObject {
  const [first = "none"] = Object.keys(steps);
  const entries = { begin: { kind: "event", config: { event: "go" }, next: first } };
  return { schema: 1, name: "Sample", entries, steps, reentry: { mode: "always" }, ...changes };
}

type FlowOptions = { registry?: Registry; changes?: JsonObject; id?: string; status?: CompiledFlow["status"] };

/** A compiled flow with these steps. */
export function flowOf(
  steps: JsonObject,
  { registry = registryWith(), changes = {}, id = "flow-1", status = "active" }: FlowOptions = {},
): CompiledFlow {
  const definition = flowDefinitionSchema.parse(definitionOf(steps, changes));
  return compileFlow({ id, workspaceId: workspace.id, version: 1, status }, definition, registry);
}

/** An event named `go`, changed by `changes`. */
export function occurrence(changes: Partial<Occurrence> = {}): Occurrence {
  return {
    id: "event-1",
    name: "go",
    payload: { orderId: "o-1" },
    acceptedAt: noon,
    target: null,
    depth: 0,
    priority: priorities.normal,
    ...changes,
  };
}

/** A run of `flow` that has just begun. */
export function runOf(flow: CompiledFlow, changes: Partial<Run> = {}): Run {
  const [entry] = flow.entries;
  if (!entry) throw new Error("The flow has no entry.");
  const run = newRun(flow, {
    ...{ id: "run-1", contact: sampleContact(), occurrence: occurrence(), entry, key: null, now: noon },
  });
  return { ...run, ...changes };
}

/** What a pass knows of a contact that has these runs. */
export function stateOf(runs: readonly Run[] = [], contact: Contact = sampleContact()): ContactState {
  return { contact, runs: new Map(runs.map((run) => [run.id, run])), admissions: new Map() };
}

/** A world of these flows, each of which listens to what it says; run ids count from 1. */
export function contextOf(flows: readonly CompiledFlow[], now: Date = noon): DecideContext {
  let count = 0;
  return {
    workspace,
    now,
    flows: {
      hears: (name) => flows.some((flow) => flow.listensTo.has(name)),
      listening: (name) => flows.filter((flow) => flow.listensTo.has(name)),
      version: (flowId, version) => flows.find((flow) => flow.id === flowId && flow.version === version),
    },
    newId: () => {
      count += 1;
      return `new-${count}`;
    },
  };
}
