import { describe, expect, test } from "vitest";
import { z } from "zod";
import { flowOf, noon, occurrence, registryWith, runOf, workspace } from "../../testing/flow-fixture.ts";
import { sampleContact } from "../../testing/step-suite.ts";
import type { JsonObject } from "../json.ts";
import { advance, type Facts } from "./advance.ts";
import { meet } from "./meet.ts";
import { occurrenceName } from "./occurrence-names.ts";
import type { Run } from "./run.ts";
import type { Occurrence, StepContext, StepKind, StepOutcome } from "./step-kind.ts";

const hour = 3_600_000;
const facts: Facts = { contact: sampleContact(), workspace, now: noon };
const later = (ms: number) => new Date(noon.getTime() + ms);

/** A step that rests until `ping` comes, and does then what the test says. */
function ear(answer: (context: StepContext) => StepOutcome): StepKind {
  return {
    name: "ear",
    title: "Ear",
    config: z.unknown(),
    exits: () => ["next"],
    listensTo: () => ["ping"],
    pauses: () => true,
    run: (_config, context) => (context.occurrence ? answer(context) : { kind: "wait", until: null }),
  };
}

function earFlow(answer: (context: StepContext) => StepOutcome, more: JsonObject = {}, changes: JsonObject = {}) {
  const { steps, entries } = registryWith();
  const registry = { steps: { ...steps, ear: ear(answer) }, entries };
  return flowOf(
    { ear: { kind: "ear", config: {}, exits: { next: "rest" } }, rest: wait, ...more },
    { registry, changes },
  );
}

const wait = { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: null } };
const goal = (config: JsonObject, next: string | null = null) => ({ kind: "goal", config, exits: { next } });
const ping = (changes: Partial<Occurrence> = {}) => occurrence({ name: "ping", ...changes });
const go: StepOutcome = { kind: "go", exit: "next" };

describe("a step that listens", () => {
  test("is asked with what came, and lets the run go on at once", () => {
    const flow = earFlow(({ occurrence: came }) => ({ ...go, result: came?.payload ?? null }));
    const asleep = advance(flow, runOf(flow), facts).run;
    expect(asleep).toMatchObject({ status: "waiting", wakeAt: null });
    const { run } = meet(flow, asleep, { ...facts, occurrence: ping({ payload: { n: 1 } }) });
    expect(run).toMatchObject({ step: "rest", status: "waiting", steps: { ear: { n: 1 } } });
  });

  test("leaves no mark when it goes on waiting as it did", () => {
    const flow = earFlow(() => ({ kind: "wait", until: null }));
    const asleep = advance(flow, runOf(flow), facts).run;
    const met = meet(flow, asleep, { ...facts, occurrence: ping() });
    expect(met.run).toBe(asleep);
    expect([met.trail, met.counts, met.effects]).toEqual([[], [], []]);
  });

  test("may set the clock anew, which is in the trail", () => {
    const flow = earFlow(() => ({ kind: "wait", until: later(hour) }));
    const asleep = advance(flow, runOf(flow), facts).run;
    const { run, trail } = meet(flow, asleep, { ...facts, occurrence: ping() });
    expect(run).toMatchObject({ status: "waiting", wakeAt: later(hour), enteredAt: noon, visit: 1 });
    expect(trail).toMatchObject([{ step: "ear", outcome: "waiting" }]);
  });

  test.each<[string, Partial<Run>, Occurrence]>([
    ["of another name", {}, occurrence({ name: "pong" })],
    ["while the run asks", { status: "asking" }, ping()],
    ["while the run stands elsewhere", { status: "waiting", step: "rest" }, ping()],
  ])("does not hear an event %s", (_name, changes, came) => {
    const flow = earFlow(() => go);
    const run = { ...advance(flow, runOf(flow), facts).run, ...changes };
    expect(meet(flow, run, { ...facts, occurrence: came }).run).toBe(run);
  });

  test("that throws ends its run, and is reported", () => {
    const flow = earFlow(() => {
      throw new Error("Bug");
    });
    const { run, bugs } = meet(flow, advance(flow, runOf(flow), facts).run, { ...facts, occurrence: ping() });
    expect(run).toMatchObject({ status: "failed", reason: "internal_error" });
    expect(bugs).toHaveLength(1);
  });
});

describe("a step that is reached from anywhere", () => {
  const flow = earFlow(() => go, { won: goal({ event: "ping" }, "end"), end: { kind: "end", config: {} } });
  const met = (changes: Partial<Run>) => {
    const run = { ...advance(flow, runOf(flow), facts).run, ...changes };
    return meet(flow, run, { ...facts, now: later(hour), occurrence: ping() });
  };

  test.each<[string, Partial<Run>]>([
    ["sleeps", { step: "rest", status: "waiting", wakeAt: later(2 * hour) }],
    ["waits for the same event", {}],
    ["asks", { step: "rest", status: "asking", wakeAt: null }],
    ["is due", { step: "rest", status: "active", wakeAt: noon }],
  ])("takes a run that %s", (_name, changes) => {
    const { run, trail } = met(changes);
    expect(run).toMatchObject({ status: "completed", step: "end", steps: { won: { by: "event" } } });
    expect(trail.map(({ step, kind, outcome }) => [step, kind, outcome])).toEqual([
      [changes.step ?? "ear", "jump", "moved"],
      ["won", "goal", "went"],
      ["end", "end", "ended"],
    ]);
    expect(trail.map(({ visit }) => visit)).toEqual([1, 2, 3]);
  });

  test("ends the run when its exit leads nowhere", () => {
    const last = earFlow(() => go, { won: goal({ event: "ping" }) });
    const { run } = meet(last, advance(last, runOf(last), facts).run, { ...facts, occurrence: ping() });
    expect(run).toMatchObject({ status: "completed", step: null });
  });

  test("is the first of two in the order of their names", () => {
    const two = earFlow(() => go, { second: goal({ event: "ping" }, "rest"), first: goal({ event: "ping" }, "rest") });
    const { run } = meet(two, advance(two, runOf(two), facts).run, { ...facts, occurrence: ping() });
    expect(Object.keys(run.steps)).toEqual(["first"]);
  });
});

describe("when the contact has changed", () => {
  const changed = occurrence({ name: occurrenceName.contactChanged });
  const buyer = { field: "contact.tags", operator: "includes", value: "buyer" };
  const flow = earFlow(() => go, { won: goal({ when: buyer }) }, { exitWhen: [{ when: buyer }] });
  const asleep = advance(flow, runOf(flow), facts).run;

  test("exit rules are looked at before any step", () => {
    const { run, trail } = meet(flow, asleep, {
      ...facts,
      contact: sampleContact({ tags: ["buyer"] }),
      occurrence: changed,
    });
    expect(run).toMatchObject({ status: "exited", reason: "exit_rule_0" });
    expect(trail).toMatchObject([{ kind: "exit-rule", outcome: "exited" }]);
  });

  test("a run that nothing concerns stays as it is", () => {
    expect(meet(flow, asleep, { ...facts, occurrence: changed }).run).toBe(asleep);
  });
});

describe("the depth", () => {
  const flow = earFlow(() => ({ ...go, occurrences: [{ name: "x", payload: {} }] }));
  const asleep = advance(flow, runOf(flow, { depth: 3 }), facts).run;
  const depthAfter = (ms: number, depth: number) =>
    meet(flow, asleep, { ...facts, now: later(ms), occurrence: ping({ depth }) }).run.depth;

  test.each([
    ["at once by an outer event", 0, 0, 3],
    ["at once by what flows made", 0, 7, 7],
    ["just before a minute", 59_999, 0, 3],
    ["after a minute by an outer event", 60_000, 0, 0],
    ["after a minute by what flows made", 60_000, 7, 7],
  ])("of a run that is woken %s", (...[, ms, depth, expected]) => {
    expect(depthAfter(ms, depth)).toBe(expected);
  });
});
