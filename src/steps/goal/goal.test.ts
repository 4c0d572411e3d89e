import { describe, expect, test } from "vitest";
import { advance } from "../../core/flow/advance.ts";
import { meet } from "../../core/flow/meet.ts";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { Run } from "../../core/flow/run.ts";
import type { JsonObject } from "../../core/json.ts";
import { flowOf, noon, occurrence, runOf, workspace } from "../../testing/flow-fixture.ts";
import { describeStepKind, sampleContact, stepContext } from "../../testing/step-suite.ts";
import { goal } from "./run.ts";

const isGold = { field: "contact.plan", operator: "is", value: "gold" };

describeStepKind(goal, {
  good: [
    { config: {} },
    { config: { event: "order.placed" } },
    { config: { event: "order.placed", where: { field: "event.total", operator: "atLeast", value: 10 } } },
    { config: { when: isGold, within: { amount: 7, unit: "days" } } },
    { config: { event: "order.placed" }, context: { occurrence: occurrence({ name: "order.placed" }) } },
  ],
  bad: [
    { config: { event: "$start" }, path: "event" },
    { config: { where: isGold }, path: "where" },
    { config: { when: { field: "contact", operator: "is", value: 1 } }, path: "when.field" },
    { config: { within: { amount: 0, unit: "days" } }, path: "within.amount" },
    { config: { name: "x" }, path: "name" },
  ],
});

const hour = 3_600_000;
const facts = { contact: sampleContact(), workspace, now: noon };
const wait = { kind: "wait", config: { for: { amount: 9, unit: "hours" } }, exits: { next: "won" } };

function goalFlow(config: JsonObject) {
  return flowOf({
    wait,
    won: { kind: "goal", config, exits: { next: "rest" } },
    rest: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "wait" } },
  });
}

describe("a goal with an event", () => {
  const flow = goalFlow({
    event: "order.placed",
    where: {
      and: [
        { field: "event.total", operator: "atLeast", value: 10 },
        { field: "run.event.orderId", operator: "is", value: "o-1" },
      ],
    },
    within: { amount: 2, unit: "hours" },
  });
  const asleep = advance(flow, runOf(flow), facts).run;
  const placed = (total: number) => occurrence({ name: "order.placed", payload: { total } });
  const place = (run: Run, total: number, hours = 1) => {
    const now = new Date(noon.getTime() + hours * hour);
    return meet(flow, run, { ...facts, now, occurrence: placed(total) });
  };

  test("takes a run from wherever it stands, and counts", () => {
    const { run, counts, trail } = place(asleep, 10);
    expect(run).toMatchObject({ status: "waiting", step: "rest", visit: 3 });
    expect(counts).toEqual(["wait>", "won<", "won:next", "won:goal", "goal"]);
    expect(run.steps).toEqual({ won: { reachedAt: "2026-03-01T13:00:00.000Z", by: "event", event: "order.placed" } });
    expect(trail.map(({ step, outcome, exit }) => [step, outcome, exit])).toEqual([
      ["wait", "moved", undefined],
      ["won", "went", "next"],
      ["rest", "waiting", undefined],
    ]);
  });

  test("leaves the run alone when its condition does not hold", () => {
    expect(place(asleep, 9).run).toBe(asleep);
  });

  test("is passed once a run", () => {
    const { run } = place(asleep, 10);
    expect(place(run, 10).run).toBe(run);
  });

  test.each([
    [2, "rest"],
    [2.01, "wait"],
  ])("%d hours after the start of the run leaves it at %s", (hours, step) => {
    expect(place(asleep, 10, hours).run.step).toBe(step);
  });
});

describe("a goal with a condition", () => {
  const flow = goalFlow({ when: { field: "contact.tags", operator: "includes", value: "buyer" } });
  const changed = occurrence({ name: occurrenceName.contactChanged, id: "", payload: {} });
  const asleep = advance(flow, runOf(flow), facts).run;

  test("takes the run once the contact is what it asks for", () => {
    expect(meet(flow, asleep, { ...facts, occurrence: changed }).run).toBe(asleep);
    const contact = sampleContact({ tags: ["buyer"] });
    const { run } = meet(flow, asleep, { ...facts, contact, occurrence: changed });
    expect(run).toMatchObject({ step: "rest", steps: { won: { by: "condition" } } });
  });
});

describe("a goal that an exit leads to", () => {
  const at = (steps: object, startedAt = "2026-03-01T11:00:00.000Z") => {
    const context = stepContext({ step: "won" });
    return { ...context, scope: { ...context.scope, run: { startedAt }, steps: { ...steps } } };
  };
  const within = goal.config.parse({ within: { amount: 1, unit: "hours" } });

  test("counts when it is come to for the first time", () => {
    expect(goal.run({}, at({}))).toMatchObject({ kind: "go", exit: "next", counts: ["won:goal", "goal"] });
  });

  test.each([
    ["a second time", at({ won: { by: "exit" } }), "passed_before"],
    ["after its window", at({}, "2026-03-01T10:59:59.000Z"), "too_late"],
  ])("lets the run through and counts nothing %s", (_name, context, skipped) => {
    expect(goal.run(within, context)).toEqual({ kind: "go", exit: "next", detail: { skipped } });
  });
});
