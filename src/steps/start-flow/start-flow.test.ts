import { expect, test } from "vitest";
import { describeStepKind, stepContext } from "../../testing/step-suite.ts";
import { startFlow } from "./run.ts";

const flow = "0190a000-0000-7000-8000-00000000000f";

describeStepKind(startFlow, {
  good: [{ config: { flow } }, { config: { flow, entry: "begin", payload: { order: "{{ event.orderId }}" } } }],
  bad: [
    { config: {}, path: "flow" },
    { config: { flow: 7 }, path: "flow" },
    { config: { flow: "welcome" }, path: "flow" },
    { config: { flow, entry: "No Good" }, path: "entry" },
    { config: { flow, payload: { a: "{{ x" } }, path: "payload.a" },
    { config: { flow, payload: { a: "{{ nobody.x }}" } }, path: "payload.a" },
  ],
});

test("makes a start of that flow alone, with what it is given, and goes on", () => {
  const config = startFlow.config.parse({ flow, payload: { total: "{{ event.total }}", vip: true } });
  expect(startFlow.run(config, stepContext())).toEqual({
    kind: "go",
    exit: "next",
    occurrences: [{ name: `$start:${flow}`, payload: { total: 12.5, vip: true }, target: { flowId: flow } }],
    detail: { flow },
  });
});

test("names the entry when it is to be one of several, and the flow in the form in which ids are kept", () => {
  const config = startFlow.config.parse({ flow: flow.toUpperCase(), entry: "begin" });
  expect(startFlow.run(config, stepContext())).toMatchObject({
    occurrences: [{ name: `$start:${flow}`, target: { flowId: flow, entry: "begin" } }],
  });
});

test("says which flow has to be there when it is published", () => {
  expect(startFlow.refersTo?.(startFlow.config.parse({ flow }))).toEqual([{ kind: "flow", id: flow, path: "flow" }]);
});

test("a payload that breaks a limit fails the step", () => {
  const config = startFlow.config.parse({ flow, payload: { a: "{{ event.a }}" } });
  const outcome = startFlow.run(config, stepContext({}, { a: "x".repeat(300_000) }));
  expect(outcome).toMatchObject({ kind: "fail", reason: "invalid_payload" });
});
