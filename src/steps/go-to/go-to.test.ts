import { expect, test } from "vitest";
import { advance } from "../../core/flow/advance.ts";
import { flowOf, noon, runOf, workspace } from "../../testing/flow-fixture.ts";
import { describeStepKind, sampleContact } from "../../testing/step-suite.ts";
import { goTo } from "./run.ts";

describeStepKind(goTo, {
  good: [{ config: { step: "mail" } }],
  bad: [
    { config: {}, path: "step" },
    { config: { step: "No Good" }, path: "step" },
    { config: { step: null }, path: "step" },
  ],
});

const facts = { contact: sampleContact(), workspace, now: noon };

test("two ways join at one step", () => {
  const flow = flowOf({
    which: {
      kind: "condition",
      config: { paths: [{ name: "gold", when: { field: "contact.plan", operator: "is", value: "gold" } }] },
      exits: { gold: "jump", else: "done" },
    },
    jump: { kind: "go-to", config: { step: "done" } },
    done: { kind: "end", config: {} },
  });
  const { run, trail, counts } = advance(flow, runOf(flow), facts);
  expect(run.status).toBe("completed");
  expect(trail.map(({ step, exit }) => [step, exit])).toEqual([
    ["which", "gold"],
    ["jump", "step"],
    ["done", undefined],
  ]);
  expect(counts).toContain("jump:step");
});

test("a loop goes round until the flow says enough", () => {
  const steps = {
    wait: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "again" } },
    again: { kind: "go-to", config: { step: "wait" } },
  };
  const flow = flowOf(steps, { changes: { maxSteps: 4 } });
  let { run } = advance(flow, runOf(flow), facts);
  for (let hour = 1; run.endedAt === null; hour += 1)
    run = advance(flow, run, { ...facts, now: new Date(noon.getTime() + hour * 3_600_000) }).run;
  expect(run).toMatchObject({ status: "failed", reason: "loop_guard", visit: 5 });
});
