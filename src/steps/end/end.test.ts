import { expect, test } from "vitest";
import { describeStepKind, stepContext } from "../../testing/step-suite.ts";
import { end } from "./run.ts";

describeStepKind(end, {
  good: [{ config: {} }, { config: { reason: "Bought already" } }],
  bad: [
    { config: { reason: "" }, path: "reason" },
    { config: { reason: 5 }, path: "reason" },
    { config: { next: "a" }, path: "next" },
  ],
});

test("ends the run and says why", () => {
  expect(end.run({ reason: "Bought already" }, stepContext())).toEqual({
    kind: "end",
    detail: { reason: "Bought already" },
  });
});
