import { describe, expect, test } from "vitest";
import { flowOf, noon, registryWith, runOf, workspace } from "../../testing/flow-fixture.ts";
import { sampleContact } from "../../testing/step-suite.ts";
import type { Condition } from "../condition/condition.ts";
import type { JsonObject } from "../json.ts";
import { advance, type Facts } from "./advance.ts";
import type { CompiledFlow } from "./compile.ts";
import { flowLimits } from "./definition.ts";
import type { Run } from "./run.ts";
import type { StepContext, StepOutcome } from "./step-kind.ts";

const end = { kind: "end", config: {} };
const oddNext = { kind: "odd", config: {}, exits: { next: null } };
const facts: Facts = { contact: sampleContact(), workspace, now: noon };

function move(flow: CompiledFlow, changes: Partial<Run> = {}, more: Partial<Facts> = {}) {
  return advance(flow, runOf(flow, changes), { ...facts, ...more });
}

function oddFlow(odd: (context: StepContext) => StepOutcome, steps: JsonObject = { odd: oddNext }): CompiledFlow {
  return flowOf(steps, { registry: registryWith(odd) });
}

const call = { kind: "http-action", config: { method: "GET", url: "https://example.com/" } };
const callFlow = flowOf({ call: { ...call, exits: { success: "done", error: null } }, done: end });

test("goes through step after step until the run ends, and leaves a trail of each", () => {
  const flow = flowOf({
    tag: { kind: "update-contact", config: { addTags: ["a"] }, exits: { next: "done" } },
    done: end,
  });
  const { run, trail, counts, changes } = move(flow);
  expect(run).toMatchObject({ status: "completed", step: "done", visit: 2, wakeAt: null, endedAt: noon });
  expect(trail.map(({ visit, step, kind, outcome, exit }) => [visit, step, kind, outcome, exit])).toEqual([
    [1, "tag", "update-contact", "went", "next"],
    [2, "done", "end", "ended", undefined],
  ]);
  expect(counts).toEqual(["tag:next", "completed", "done!completed"]);
  expect(changes).toEqual([{ kind: "add-tags", tags: ["a"] }]);
});

test("an exit that leads to null completes the run", () => {
  const { run, counts } = move(oddFlow(() => ({ kind: "go", exit: "next" })));
  expect(run).toMatchObject({ status: "completed", step: null, reason: null });
  expect(counts).toEqual(["odd:next", "completed"]);
});

test("a wait puts the run to sleep until its instant, and a wake before it sleeps on", () => {
  const flow = flowOf({ wait: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: null } } });
  const asleep = move(flow).run;
  expect(asleep).toMatchObject({ status: "waiting", step: "wait", visit: 1, wakeAt: new Date("2026-03-01T13:00:00Z") });
  const early = advance(flow, asleep, { ...facts, now: new Date("2026-03-01T12:30:00Z") }).run;
  expect(early.wakeAt).toEqual(asleep.wakeAt);
  expect(advance(flow, asleep, { ...facts, now: new Date("2026-03-01T13:00:00Z") }).run.status).toBe("completed");
});

test.each([
  ["9999-12-31", { offset: { amount: 10, unit: "days" } }],
  ["9999-12-31T23:59:59.999Z", { offset: { amount: 10, unit: "weeks" } }],
])("a wait for %s and beyond sleeps until the last instant that can be stored", (renewal, more) => {
  const contact = sampleContact({ properties: { renewal } });
  const config = { untilDate: { field: "contact.renewal", ...more } };
  const { run } = move(
    flowOf({ wait: { kind: "wait", config, exits: { next: null, missing: null } } }),
    {},
    { contact },
  );
  expect(run.wakeAt).toEqual(new Date("9999-12-31T23:59:59.999Z"));
});

test("a step that asks leaves the run to wait for the answer, with an effect whose key is stable", () => {
  const first = move(callFlow);
  expect(first.run).toMatchObject({ status: "asking", wakeAt: null, visit: 1, step: "call" });
  expect(first.effects).toMatchObject([{ kind: "http", step: "call", visit: 1, ordinal: 0, awaited: true }]);
  expect(move(callFlow).effects).toEqual(first.effects);
});

test.each([
  [true, { status: 200 }, "done"],
  [false, { reason: "timeout" }, null],
])("an answer (ok: %s) leads on and stays readable under the name of the step", (ok, result, step) => {
  const { run } = move(callFlow, { status: "asking", wakeAt: null }, { answer: { ok, result } });
  expect(run).toMatchObject({ status: "completed", step });
  expect(run.steps).toEqual({ call: result });
});

test("an answer is for the step that asked, not for the next one", () => {
  const flow = flowOf({
    call: { ...call, exits: { success: "again", error: null } },
    again: { ...call, exits: { success: null, error: null } },
  });
  const { run, effects } = move(flow, { status: "asking" }, { answer: { ok: true, result: 1 } });
  expect(run).toMatchObject({ status: "asking", step: "again", visit: 2 });
  expect(effects).toMatchObject([{ step: "again", visit: 2, ordinal: 0 }]);
});

test("several effects of one step are told apart by their ordinals", () => {
  const effect = { kind: "http", data: {} } as const;
  const { effects } = move(oddFlow(() => ({ kind: "go", exit: "next", effects: [effect, effect] })));
  expect(effects.map(({ visit, ordinal, awaited }) => [visit, ordinal, awaited])).toEqual([
    [1, 0, false],
    [1, 1, false],
  ]);
});

test("a change to the contact is seen by the next step", () => {
  const flow = flowOf({
    set: { kind: "update-contact", config: { properties: { level: 5 } }, exits: { next: "look" } },
    look: {
      kind: "condition",
      config: { paths: [{ name: "yes", when: { field: "contact.level", operator: "is", value: 5 } }] },
      exits: { yes: "done", else: null },
    },
    done: end,
  });
  expect(move(flow).run.step).toBe("done");
});

describe("exit rules", () => {
  const when: Condition = { field: "contact.tags", operator: "includes", value: "gone" };
  const steps = {
    tag: { kind: "update-contact", config: { addTags: ["gone"] }, exits: { next: "done" } },
    done: end,
  };
  const flow = flowOf(steps, { changes: { exitWhen: [{ event: "left" }, { when }] } });

  test("are looked at before each step, so that a step can make its run leave", () => {
    const { run, trail, counts } = move(flow);
    expect(run).toMatchObject({ status: "exited", step: "done", reason: "exit_rule_1" });
    expect(trail.at(-1)).toMatchObject({ outcome: "exited", kind: "exit-rule", step: "done", visit: 2 });
    expect(counts).toEqual(["tag:next", "exited", "done!exited"]);
  });

  test("win over an answer that has just come", () => {
    const asking = flowOf(
      { call: { ...call, exits: { success: null, error: null } } },
      { changes: { exitWhen: [{ when }] } },
    );
    const contact = sampleContact({ tags: ["gone"] });
    expect(move(asking, { status: "asking" }, { contact, answer: { ok: true, result: 1 } }).run.status).toBe("exited");
  });
});

describe("ends as failed, with a place in the trail and a count", () => {
  test("a step that says so", () => {
    const { run, trail, bugs } = move(oddFlow(() => ({ kind: "fail", reason: "no_luck", detail: { why: "rain" } })));
    expect(run).toMatchObject({ status: "failed", reason: "no_luck" });
    expect(trail).toMatchObject([{ outcome: "failed", reason: "no_luck", detail: { why: "rain" }, kind: "odd" }]);
    expect(bugs).toEqual([]);
  });

  test("a run on a step that is not there", () => {
    const { run, trail, counts } = move(callFlow, { step: "lost" });
    expect(run).toMatchObject({ status: "failed", reason: "step_missing" });
    expect(trail).toMatchObject([{ outcome: "failed", step: "lost", kind: "engine", reason: "step_missing" }]);
    expect(counts).toEqual(["failed", "lost!failed"]);
  });

  test("a run in a circle, at the limit of visits", () => {
    const flow = oddFlow(() => ({ kind: "go", exit: "next" }), { odd: { ...oddNext, exits: { next: "odd" } } });
    const { run } = move(flow, { visit: flowLimits.visits });
    expect(run).toMatchObject({ status: "failed", reason: "loop_guard", visit: flowLimits.visits + 1 });
  });

  test.each<[string, (context: StepContext) => StepOutcome]>([
    [
      "throws",
      () => {
        throw new Error("Bug");
      },
    ],
    ["takes an exit it does not have", () => ({ kind: "go", exit: "constructor" })],
    ["waits for an instant that does not exist", () => ({ kind: "wait", until: new Date(Number.NaN) })],
  ])("a step that %s, after which nothing is lost of the steps before", (_what, odd) => {
    const steps = { tag: { kind: "update-contact", config: { addTags: ["a"] }, exits: { next: "odd" } }, odd: oddNext };
    const { run, trail, changes, bugs } = move(oddFlow(odd, steps));
    expect(run).toMatchObject({ status: "failed", reason: "internal_error", step: "odd", visit: 2 });
    expect(trail.map(({ step, outcome }) => [step, outcome])).toEqual([
      ["tag", "went"],
      ["odd", "failed"],
    ]);
    expect(changes).toHaveLength(1);
    expect(bugs).toHaveLength(1);
  });

  test("a step that asks again after its answer, for the key would be the same", () => {
    const flow = oddFlow(() => ({ kind: "ask", effect: { kind: "http", data: {} } }));
    expect(move(flow).run.status).toBe("asking");
    const { run, effects } = move(flow, { status: "asking" }, { answer: { ok: true, result: null } });
    expect(run).toMatchObject({ status: "failed", reason: "internal_error" });
    expect(effects).toEqual([]);
  });
});

test("stops after so many steps and stays due, so that a long run does not hold up a pass", () => {
  const flow = oddFlow(() => ({ kind: "go", exit: "next" }), { odd: { ...oddNext, exits: { next: "odd" } } });
  const { run, trail } = move(flow);
  expect(run).toMatchObject({ status: "active", wakeAt: noon, visit: flowLimits.stepsPerAdvance + 1 });
  expect(trail).toHaveLength(flowLimits.stepsPerAdvance);
});

test("leaves an ended run as it is", () => {
  const ended = runOf(callFlow, { status: "completed", endedAt: noon, wakeAt: null });
  expect(advance(callFlow, ended, facts)).toMatchObject({ run: ended, trail: [], effects: [] });
});

test("changes nothing that it was given", () => {
  const run = Object.freeze(runOf(callFlow));
  const before = structuredClone({ run, contact: facts.contact });
  advance(callFlow, run, facts);
  expect({ run, contact: facts.contact }).toEqual(before);
});

test("variables change with the step that sets them, and null removes one", () => {
  const flow = oddFlow(
    ({ visit }) => (visit === 1 ? { kind: "go", exit: "next", vars: { a: 1, b: null } } : { kind: "end" }),
    {
      odd: { ...oddNext, exits: { next: "odd" } },
    },
  );
  const { run } = move(flow, { vars: { b: 2, c: 3 } });
  expect(run).toMatchObject({ status: "completed", vars: { a: 1, c: 3 } });
  const kept = move(
    oddFlow(() => ({ kind: "end" })),
    { vars: { b: 2 } },
  ).run;
  expect(kept.vars).toEqual({ b: 2 });
});

test("later steps and exit rules see the variables, but none hides what every run has", () => {
  const seen: unknown[] = [];
  const flow = oddFlow(({ scope }) => {
    seen.push(scope.run.a, scope.run.id);
    return { kind: "end" };
  });
  move(flow, { vars: { a: 1, id: "mine" } });
  expect(seen).toEqual([1, "run-1"]);
});

test("a wait without an end sleeps until something comes, and a due wake does not move it", () => {
  const flow = oddFlow(() => ({ kind: "wait", until: null }));
  const { run, trail } = move(flow);
  expect(run).toMatchObject({ status: "waiting", wakeAt: null });
  expect(trail).toMatchObject([{ outcome: "waiting", detail: { until: null } }]);
  expect(move(flow, run).trail).toEqual([]);
});

test("what a step counts and makes happen is kept in order", () => {
  const flow = oddFlow(
    ({ visit }) =>
      visit === 3
        ? { kind: "end" }
        : { kind: "go", exit: "next", counts: [`c${visit}`], occurrences: [{ name: `e${visit}`, payload: {} }] },
    { odd: { ...oddNext, exits: { next: "odd" } } },
  );
  const { counts, occurrences } = move(flow);
  expect(counts).toEqual(["odd:next", "c1", "odd:next", "c2", "completed", "odd!completed"]);
  expect(occurrences.map(({ name }) => name)).toEqual(["e1", "e2"]);
});

test.each([
  [59, 4],
  [60, 0],
])("a rest of %d seconds that has passed leaves a depth of %d", (seconds, depth) => {
  const wait = { kind: "wait", config: { for: { amount: seconds, unit: "seconds" } }, exits: { next: "odd" } };
  const flow = oddFlow(() => ({ kind: "wait", until: null }), { wait, odd: oddNext });
  const asleep = move(flow, { depth: 4 }).run;
  expect(asleep.depth).toBe(4);
  const now = new Date(noon.getTime() + seconds * 1000);
  expect(move(flow, asleep, { now }).run).toMatchObject({ step: "odd", depth });
});

test.each([
  [undefined, flowLimits.visits],
  [7, 7],
])("with maxSteps %s the loop guard ends a run after %d steps, and says so", (maxSteps, steps) => {
  const registry = registryWith(() => ({ kind: "go", exit: "next" }));
  const flow = flowOf(
    { odd: { ...oddNext, exits: { next: "odd" } } },
    { registry, changes: maxSteps ? { maxSteps } : {} },
  );
  let { run, trail } = move(flow);
  while (run.endedAt === null) ({ run, trail } = move(flow, run));
  expect(run).toMatchObject({ status: "failed", reason: "loop_guard", visit: steps + 1 });
  expect(trail.at(-1)).toMatchObject({ kind: "engine", outcome: "failed", reason: "loop_guard" });
});
