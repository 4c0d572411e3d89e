import fc from "fast-check";
import { type CompiledFlow, compileFlow } from "../core/flow/compile.ts";
import { validateFlow } from "../core/flow/validate.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { definitionOf, registryWith, workspace } from "./flow-fixture.ts";

/** A flow as fast-check makes it: steps by the names a to f, and rules. Not yet one that can run. */
export type FlowSpec = { steps: JsonObject[]; rules: JsonObject };

export const randomFlowId = "0190a000-0000-7000-8000-00000000000f";
/** What random flows name by ids: a test that has others puts them in their place. */
export const randomList = "0190a000-0000-7000-8000-00000000000a";
export const randomClub = "0190a000-0000-7000-8000-00000000000b";
export const randomSegments = [1, 2, 3].map((digit) => `0190a000-0000-7000-8000-0000000000a${digit}`);
const [, recent = ""] = randomSegments;
const names = ["a", "b", "c", "d", "e", "f"];
const target = fc.constantFrom(...names, null);
const tagged = (value: string) => ({ field: "contact.tags", operator: "includes", value });

// Sums of these are no whole quarters of an hour, at which schedules fire: two things at one instant are a race.
const seconds = (amount: number) => ({ amount, unit: "seconds" });

/** Some configurations of each kind, with the exits that they have. */
const samples: Record<string, { configs: Json[]; exits: string[] }> = {
  condition: {
    configs: [
      tagged("a"),
      tagged("b"),
      { segment: recent },
      { field: "contact.lists", operator: "includes", value: randomClub },
      { event: "other", count: { atLeast: 2 } },
      { message: "sent", within: { amount: 3, unit: "minutes" } },
    ].map((when) => ({ paths: [{ name: "yes", when }] })),
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
      { winBy: "opens", decide: { participants: 2 } },
      { winBy: { event: "other" }, decide: { after: seconds(122) }, share: 50 },
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
  unsubscribe: { configs: [{ lists: [randomList], channels: ["email"] }], exits: ["next"] },
  "update-contact": {
    configs: [{ addTags: ["a"] }, { addTags: ["b"], removeTags: ["a"] }, { removeTags: ["b"] }],
    exits: ["next"],
  },
  "wait-for": {
    configs: [
      { for: [{ exit: "came", event: "other" }] },
      { for: [{ exit: "came", when: tagged("a") }] },
      { for: [{ exit: "came", reply: "any" }] },
    ].map((config) => ({ ...config, timeout: { after: seconds(122) } })),
    exits: ["came", "timeout"],
  },
  wait: { configs: [61, 122, 190].map((amount) => ({ for: seconds(amount) })), exits: ["next"] },
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
