import { expect, test } from "vitest";
import { flowOf, noon, occurrence, workspace } from "../../testing/flow-fixture.ts";
import { sampleContact } from "../../testing/step-suite.ts";
import type { JsonObject } from "../json.ts";
import type { CompiledFlow } from "./compile.ts";
import { expectEntries } from "./expect-entries.ts";
import type { Occurrence } from "./step-kind.ts";

const steps = { done: { kind: "end", config: {} } };
const free = { mode: "always", whileRunning: "beside" };

function expectation(
  flow: CompiledFlow,
  { isNew = false, event = {} }: { isNew?: boolean; event?: Partial<Occurrence> },
) {
  const context = { contact: sampleContact(), isNew, workspace, now: noon };
  const [one] = expectEntries([flow], occurrence(event), context);
  return one && (one.reason ?? one.outcome);
}

function listening(where: JsonObject | null, changes: JsonObject = {}) {
  const config = { event: "go", ...(where && { where }) };
  return flowOf(steps, {
    changes: { entries: { begin: { kind: "event", config, next: "done" } }, reentry: free, ...changes },
  });
}

const overTen = { field: "event.total", operator: "greaterThan", value: 10 };
const inItaly = { field: "contact.locale", operator: "is", value: "xx" };

test("says nothing of a flow that listens to other events", () => {
  expect(expectation(listening(null), { event: { name: "other" } })).toBeUndefined();
});

test.each<[string, JsonObject, [known: string, isNew: string]]>([
  ["that lets everybody in beside each other", {}, ["starts", "starts"]],
  ["that nobody enters twice", { reentry: { mode: "never" } }, ["open", "starts"]],
  ["that nobody enters while in it", { reentry: { mode: "always" } }, ["open", "starts"]],
  ["that takes so many a day", { admission: { perDay: 5 } }, ["open", "open"]],
  ["whose key is of the event", { reentry: { ...free, key: "{{ event.orderId }}" } }, ["starts", "starts"]],
  ["whose key comes out empty", { reentry: { ...free, key: "{{ event.nope }}" } }, ["key_empty", "key_empty"]],
  ["whose key is of the contact", { reentry: { ...free, key: "{{ contact.nope }}" } }, ["open", "key_empty"]],
])("of a flow %s it says for a known contact and for a new one", (_name, changes, [known, isNew]) => {
  expect(expectation(listening(null, changes), {})).toBe(known);
  expect(expectation(listening(null, changes), { isNew: true })).toBe(isNew);
});

test.each<[string, { where: JsonObject; payload?: JsonObject }, [known: string, isNew: string]]>([
  ["holds for the event", { where: overTen, payload: { total: 11 } }, ["starts", "starts"]],
  ["does not hold for it", { where: overTen, payload: { total: 10 } }, ["condition_not_met", "condition_not_met"]],
  ["asks for the contact", { where: inItaly }, ["open", "condition_not_met"]],
  ["counts past events", { where: { event: "order.paid" } }, ["open", "open"]],
])("of a flow whose condition %s", (_name, { where, payload = {} }, [known, isNew]) => {
  expect(expectation(listening(where), { event: { payload } })).toBe(known);
  expect(expectation(listening(where), { event: { payload }, isNew: true })).toBe(isNew);
});

test("a flow that is paused, or that the event is not meant for, surely does not start", () => {
  const paused = flowOf(steps, { status: "paused", changes: { reentry: { mode: "never" } } });
  expect(expectation(paused, {})).toBe("flow_paused");
  expect(expectation(listening(inItaly), { event: { target: { flowId: "flow-2" } } })).toBe("meant_for_another_flow");
});

test("that one entry is not meant says nothing of another, which asks for the contact", () => {
  const entry = (where: JsonObject) => ({ kind: "event", config: { event: "go", where }, next: "done" });
  const flow = listening(null, { entries: { aside: entry(overTen), begin: entry(inItaly) } });
  const target = { flowId: "flow-1", entry: "begin" };
  expect(expectation(flow, { event: { target } })).toBe("open");
  expect(expectation(listening(inItaly), { event: { target: { flowId: "flow-1", entry: "aside" } } })).toBe(
    "other_entry",
  );
});
