import { expect, test } from "vitest";
import { flowOf } from "../../testing/flow-fixture.ts";
import { endCounts, moveCounts, stepCounts } from "./counts.ts";

const flow = flowOf({
  pause: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "done" } },
  done: { kind: "end", config: {}, exits: {} },
});

test("who stands on a step is who came, less who left, ended or was taken away", () => {
  const counts = [
    { name: "started", value: 10 },
    { name: "pause<", value: 10 },
    { name: "pause:next", value: 4 },
    { name: "pause!failed", value: 1 },
    { name: "pause!cancelled", value: 2 },
    { name: "pause>", value: 1 },
    { name: "done<", value: 1 },
    { name: "done!completed", value: 5 },
  ];
  expect(stepCounts(flow, counts)).toEqual({
    pause: { entered: 10, waiting: 2, left: { next: 4 }, failed: 1, ended: 2, moved: 1 },
    done: { entered: 5, waiting: 0, left: {}, failed: 0, ended: 5, moved: 0 },
  });
});

test("counts of steps and exits that the version does not have are left alone", () => {
  const zero = { entered: 0, waiting: 0, left: {}, failed: 0, ended: 0, moved: 0 };
  const counts = ["goal", "pause:other", "gone<", "constructor:next"].map((name) => ({ name, value: 1 }));
  expect(stepCounts(flow, counts)).toEqual({ pause: zero, done: zero });
});

test("a run that ends on a step counts there, one that has left its last step does not", () => {
  expect(endCounts({ step: "pause" }, "failed")).toEqual(["failed", "pause!failed"]);
  expect(endCounts({ step: null }, "completed")).toEqual(["completed"]);
});

test("a move counts where it begins and where it ends", () => {
  expect(moveCounts(null, "pause")).toEqual(["pause<"]);
  expect(moveCounts("pause", "done")).toEqual(["pause>", "done<"]);
});
