import fc from "fast-check";
import { type CompiledFlow, compileFlow } from "../core/flow/compile.ts";
import { validateFlow } from "../core/flow/validate.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { definitionOf, registryWith, workspace } from "./flow-fixture.ts";

/** A flow as fast-check makes it: steps by the names a to f, and rules. Not yet one that can run. */
export type FlowSpec = { steps: JsonObject[]; rules: JsonObject };

export const randomFlowId = "0190a000-0000-7000-8000-00000000000f";
const list = "0190a000-0000-7000-8000-00000000000a";
const names = ["a", "b", "c", "d", "e", "f"];
const target = fc.constantFrom(...names, null);
const tagged = (value: string) => ({ field: "contact.tags", operator: "includes", value });

/** Some configurations of each kind, with the exits that they have. */
const samples: Record<string, { configs: Json[]; exits: string[] }> = {
  condition: {
    configs: ["a", "b"].map((tag) => ({ paths: [{ name: "yes", when: tagged(tag) }] })),
    exits: ["yes", "else"],
  },
  "emit-event": {
    configs: [{ event: "go" }, { event: "stop" }, { event: "other", payload: { n: "{{ run.n }}" } }],
    exits: ["next"],
  },
  end: { configs: [{}], exits: [] },
  "go-to": { configs: names.map((step) => ({ step })), exits: [] },
  goal: { configs: [{ event: "other" }, { when: tagged("b") }, {}], exits: ["next"] },
  "http-action": { configs: [{ method: "POST", url: "https://example.com/" }], exits: ["success", "error"] },
  notify: {
    configs: [
      { by: "email", to: ["a@example.com", "b@example.com"], subject: "x", html: "x" },
      { by: "webhook", url: "https://example.com/", body: {} },
    ],
    exits: ["next"],
  },
  "send-email": { configs: [{ subject: "x", html: "x" }], exits: ["next"] },
  "set-variable": { configs: [{ variables: { n: "{{ run.n | plus: 1 }}" } }], exits: ["next"] },
  "ab-test": {
    configs: [
      { winBy: "opens", decide: { participants: 5 } },
      { winBy: { event: "other" }, decide: { after: { amount: 2, unit: "minutes" } }, share: 50 },
    ].map((config) => ({ ...config, variants: [{ name: "one" }, { name: "two" }] })),
    exits: ["one", "two"],
  },
  split: {
    configs: [
      {
        exits: [
          { name: "one", weight: 1 },
          { name: "two", weight: 2 },
        ],
      },
    ],
    exits: ["one", "two"],
  },
  "start-flow": { configs: [{ flow: randomFlowId }], exits: ["next"] },
  unsubscribe: { configs: [{ lists: [list], channels: ["email"] }], exits: ["next"] },
  "update-contact": {
    configs: [{ addTags: ["a"] }, { addTags: ["b"], removeTags: ["a"] }, { removeTags: ["b"] }],
    exits: ["next"],
  },
  "wait-for": {
    configs: [
      { for: [{ exit: "came", event: "other" }] },
      { for: [{ exit: "came", when: tagged("a") }] },
      { for: [{ exit: "came", reply: "any" }] },
    ].map((config) => ({ ...config, timeout: { after: { amount: 2, unit: "minutes" } } })),
    exits: ["came", "timeout"],
  },
  wait: { configs: [1, 2, 3].map((amount) => ({ for: { amount, unit: "minutes" } })), exits: ["next"] },
};

/** The kinds of steps that random flows are made of. */
export const randomKinds = Object.keys(samples);

const step: fc.Arbitrary<JsonObject> = fc.oneof(
  ...Object.entries(samples).map(([kind, { configs, exits }]) =>
    fc.record({
      kind: fc.constant(kind),
      config: fc.constantFrom(...configs),
      exits: fc.record(Object.fromEntries(exits.map((exit) => [exit, target]))),
    }),
  ),
);

const rules = fc.record({
  reentry: fc.constantFrom(
    { mode: "never" },
    { mode: "always" },
    { mode: "always", whileRunning: "beside" },
    { mode: "always", whileRunning: "restart" },
  ),
  exitWhen: fc.constantFrom([], [{ event: "stop" }], [{ when: tagged("b") }]),
  maxSteps: fc.constantFrom(5, 1000),
});

/** Any flow of any kinds of steps. */
export const randomFlow = fc.record({
  steps: fc.tuple(step, step, step, step, step, step),
  rules,
}) as unknown as fc.Arbitrary<FlowSpec>;

/** The flow as one that can run: steps that nothing leads to left out, and loops in which nothing waits cut. */
export function soundFlow({ steps: given, rules: changes }: FlowSpec): CompiledFlow {
  const steps = Object.fromEntries(names.map((name, index) => [name, given[index] ?? {}]));
  for (;;) {
    const checked = validateFlow(definitionOf(steps, changes), registryWith());
    if (checked.ok) {
      const identity = { id: randomFlowId, workspaceId: workspace.id, version: 1, status: "active" as const };
      return compileFlow(identity, checked.definition, registryWith());
    }
    mend(steps, checked.issues);
  }
}

type Issues = Extract<ReturnType<typeof validateFlow>, { ok: false }>["issues"];

function mend(steps: Record<string, JsonObject>, issues: Issues): void {
  const lost = issues.filter(
    ({ message }) => message === "no entry leads to this step" || message.startsWith("there is no step"),
  );
  // What led to a step that is left out was lost itself.
  for (const { path } of lost) delete steps[nameIn(path)];
  if (lost.length > 0) return;
  const name = nameIn(issues[0]?.path ?? "");
  if (!(name in steps)) throw new Error(JSON.stringify(issues));
  steps[name] = { kind: "end", config: {} };
}

function nameIn(path: string): string {
  return path.split(".")[1] ?? "";
}
