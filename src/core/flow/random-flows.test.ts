import fc from "fast-check";
import { expect, test } from "vitest";
import {
  contextOf,
  definitionOf,
  noon,
  occurrence,
  registryWith,
  stateOf,
  workspace,
} from "../../testing/flow-fixture.ts";
import type { JsonObject } from "../json.ts";
import { type CompiledFlow, compileFlow } from "./compile.ts";
import { type ContactState, type Decision, decide, type Work } from "./decide.ts";
import { flowLimits } from "./definition.ts";
import { isLive } from "./run.ts";
import { validateFlow } from "./validate.ts";

const minuteMs = 60_000;
const names = ["a", "b", "c", "d", "e"];
const target = fc.constantFrom(...names, null);
const leads = <Exit extends string>(...exits: Exit[]) =>
  fc.record(Object.fromEntries(exits.map((exit) => [exit, target])) as Record<Exit, typeof target>);

const step = fc.oneof(
  fc.record({
    kind: fc.constant("wait"),
    config: fc.nat({ max: 3 }).map((n) => ({ for: { amount: n + 1, unit: "minutes" } })),
    exits: leads("next"),
  }),
  fc.record({
    kind: fc.constant("condition"),
    config: fc
      .constantFrom("a", "b")
      .map((value) => ({ paths: [{ name: "yes", when: { field: "contact.tags", operator: "includes", value } }] })),
    exits: leads("yes", "else"),
  }),
  fc.record({
    kind: fc.constant("update-contact"),
    config: fc.constantFrom({ addTags: ["a"] }, { addTags: ["b"], removeTags: ["a"] }),
    exits: leads("next"),
  }),
  fc.record({
    kind: fc.constant("http-action"),
    config: fc.constant({ method: "POST", url: "https://example.com/" }),
    exits: leads("success", "error"),
  }),
  fc.constant({ kind: "end", config: {} }),
);
const rules = fc.record({
  reentry: fc.constantFrom({ mode: "never" }, { mode: "always" }, { mode: "always", whileRunning: "beside" }),
  exitWhen: fc.constantFrom(
    [],
    [{ event: "stop" }],
    [{ when: { field: "contact.tags", operator: "includes", value: "b" } }],
  ),
});

/** A flow as JSON. */
const flow = fc.record({ steps: fc.tuple(step, step, step, step, step), rules }) as unknown as fc.Arbitrary<FlowSpec>;
type FlowSpec = { steps: JsonObject[]; rules: JsonObject };

/** Steps that nothing leads to are left out, so the flow is valid. */
function compiled({ steps: given, rules: changes }: FlowSpec): CompiledFlow {
  const steps = Object.fromEntries(names.map((name, index) => [name, given[index] ?? {}]));
  const reached = new Set<string>();
  const open = ["a"];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const { exits = {} } = steps[name] as { exits?: Record<string, string | null> };
    open.push(...Object.values(exits).filter((to) => to !== null));
  }
  const kept = Object.fromEntries(Object.entries(steps).filter(([name]) => reached.has(name)));
  const checked = validateFlow(definitionOf(kept, changes), registryWith());
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return compileFlow(
    { id: "flow-1", workspaceId: workspace.id, version: 1, status: "active" },
    checked.definition,
    registryWith(),
  );
}

/** What happens to the contact, minute by minute. */
const story = fc.array(fc.constantFrom("go", "stop", "answer", "nothing"), { maxLength: 30 });

type Told = { state: ContactState; decisions: Decision[] };

function tell(spec: FlowSpec, events: readonly string[]): Told {
  const told = compiled(spec);
  const state = stateOf();
  const decisions: Decision[] = [];
  const context = contextOf([told]);
  events.forEach((name, minute) => {
    const now = new Date(noon.getTime() + minute * minuteMs);
    decisions.push(decide(state, workOf(state, name, now), { ...context, now }));
    checkState(state);
  });
  return { state, decisions };
}

function workOf({ runs }: ContactState, name: string, now: Date): Work[] {
  const asking = name === "answer" ? [...runs.values()].filter(({ status }) => status === "asking") : [];
  const due = [...runs.values()].filter(({ wakeAt }) => wakeAt !== null && wakeAt <= now);
  return [
    ...asking.map(
      ({ id, visit }): Work => ({ kind: "answer", runId: id, visit, answer: { ok: visit % 2 === 0, result: {} } }),
    ),
    ...due.map(({ id }): Work => ({ kind: "due", runId: id })),
    ...(name === "go" || name === "stop"
      ? [{ kind: "event", occurrence: occurrence({ id: `${now.getTime()}`, name }) } as const]
      : []),
  ];
}

function checkState({ runs }: ContactState): void {
  for (const run of runs.values()) {
    expect(isLive(run)).toBe(true);
    expect(run.wakeAt === null).toBe(run.status === "asking");
    expect(run.visit).toBeLessThanOrEqual(flowLimits.visits + 1);
  }
}

test("no run of any flow is lost: it has ended, or has a time to wake or an effect that will wake it", () => {
  fc.assert(
    fc.property(flow, story, (made, events) => {
      const { state, decisions } = tell(made, events);
      const effects = new Set(
        decisions.flatMap((decision) => decision.effects.map(({ run, effect }) => `${run.id}|${effect.visit}`)),
      );
      const begun = new Set(decisions.flatMap(({ runs }) => [...runs.keys()]));
      const ended = decisions.flatMap(({ runs }) =>
        [...runs.values()].filter(({ run }) => !isLive(run)).map(({ run }) => run.id),
      );
      expect(begun).toEqual(new Set([...state.runs.keys(), ...ended]));
      expect(new Set(ended).size).toBe(ended.length);
      for (const run of state.runs.values())
        if (run.status === "asking") expect(effects).toContain(`${run.id}|${run.visit}`);
      expect(decisions.flatMap(({ bugs }) => bugs)).toEqual([]);
    }),
  );
});

test("every visit of a run asks for each effect once, and its trail names every step that it left", () => {
  fc.assert(
    fc.property(flow, story, (made, events) => {
      const { decisions } = tell(made, events);
      const keys = decisions.flatMap((decision) =>
        decision.effects.map(({ run, effect }) => `${run.id}|${effect.step}|${effect.visit}|${effect.ordinal}`),
      );
      expect(new Set(keys).size).toBe(keys.length);
      const trails = new Map<string, number[]>();
      for (const { runs } of decisions)
        for (const [id, { trail }] of runs) {
          const left = trail.filter(({ outcome }) => outcome === "went").map(({ visit }) => visit);
          trails.set(id, [...(trails.get(id) ?? []), ...left]);
        }
      for (const visits of trails.values()) expect(visits).toEqual(visits.map((_, index) => index + 1));
    }),
  );
});

test("the same story told twice ends the same", () => {
  fc.assert(
    fc.property(flow, story, (made, events) => {
      expect(tell(made, events)).toEqual(tell(made, events));
    }),
  );
});
