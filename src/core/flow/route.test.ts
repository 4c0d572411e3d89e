import { expect, test } from "vitest";
import { flowOf, noon, occurrence, runOf, workspace } from "../../testing/flow-fixture.ts";
import { sampleContact } from "../../testing/step-suite.ts";
import type { JsonObject } from "../json.ts";
import type { CompiledFlow } from "./compile.ts";
import { admissionKey, enterFlow, exitRuleFor, type RouteContext } from "./route.ts";
import type { Occurrence } from "./step-kind.ts";

const steps = { done: { kind: "end", config: {} } };
const hour = 3_600_000;

function contextWith(changes: Partial<RouteContext> = {}): RouteContext {
  return { contact: sampleContact(), workspace, liveRuns: [], admissions: new Map(), now: noon, ...changes };
}

function meet(flow: CompiledFlow, event: Partial<Occurrence> = {}, changes: Partial<RouteContext> = {}) {
  const entry = enterFlow(flow, occurrence(event), contextWith(changes));
  if (entry === null) return null;
  return entry.enter ? { entry: entry.enter.entry.name, key: entry.enter.key } : entry.outcome?.reason;
}

function withReentry(reentry: JsonObject) {
  return flowOf(steps, { changes: { reentry } });
}

const entered = (key: string | null, lastAt: Date) => ({
  admissions: new Map([[admissionKey("flow-1", key), { lastAt, runId: "run-0" }]]),
});

test("an event that no entry listens to is no matter of the flow", () => {
  expect(meet(flowOf(steps), { name: "other" })).toBeNull();
});

test.each([
  ["paused", "flow_paused"],
  ["archived", "flow_archived"],
] as const)("a flow that is %s lets nobody in", (status, reason) => {
  expect(meet(flowOf(steps, { status }))).toBe(reason);
});

test("an event meant for one flow enters no other", () => {
  expect(meet(flowOf(steps), { target: { flowId: "flow-2" } })).toBe("meant_for_another_flow");
  expect(meet(flowOf(steps), { target: { flowId: "flow-1" } })).toEqual({ entry: "begin", key: null });
});

test("a condition that does not hold refuses, and shows what it found", () => {
  const where = { field: "event.total", operator: "greaterThan", value: 10 };
  const flow = flowOf(steps, {
    changes: { entries: { begin: { kind: "event", config: { event: "go", where }, next: "done" } } },
  });
  const refused = enterFlow(flow, occurrence({ payload: { total: 3 } }), contextWith());
  expect(refused?.outcome).toMatchObject({
    outcome: "not_started",
    reason: "condition_not_met",
    entry: "begin",
    detail: { condition: { actual: 3, result: false } },
  });
  expect(meet(flow, { payload: { total: 11 } })).toEqual({ entry: "begin", key: null });
});

test("of several entries the first by name that accepts wins, and the first refusal is told when none does", () => {
  const entry = (value: number) => {
    const where = { field: "event.total", operator: "is", value };
    return { kind: "event", config: { event: "go", where }, next: "done" };
  };
  const flow = flowOf(steps, { changes: { entries: { one: entry(1), two: entry(2), zero: entry(2) } } });
  expect(meet(flow, { payload: { total: 2 } })).toEqual({ entry: "two", key: null });
  const refused = enterFlow(flow, occurrence({ payload: { total: 9 } }), contextWith());
  expect(refused?.outcome).toMatchObject({ reason: "condition_not_met", entry: "one" });
  expect(meet(flow, { payload: { total: 2 }, target: { flowId: "flow-1", entry: "zero" } })).toEqual({
    entry: "zero",
    key: null,
  });
});

test.each<[string, JsonObject, Partial<RouteContext>, unknown]>([
  ["never: a second time", { mode: "never" }, entered(null, new Date(0)), "entered_before"],
  [
    "never: another key",
    { mode: "never", key: "{{ event.orderId }}" },
    entered("o-0", noon),
    { entry: "begin", key: "o-1" },
  ],
  ["never: the same key", { mode: "never", key: "{{ event.orderId }}" }, entered("o-1", noon), "entered_before"],
  ["always: a second time", { mode: "always" }, entered(null, noon), { entry: "begin", key: null }],
  [
    "after an hour: too early",
    span(1, "hours"),
    entered(null, new Date(noon.getTime() - hour + 1)),
    "entered_too_recently",
  ],
  [
    "after an hour: on time",
    span(1, "hours"),
    entered(null, new Date(noon.getTime() - hour)),
    { entry: "begin", key: null },
  ],
  ["an empty key", { mode: "always", key: "{{ event.nothing }}" }, {}, "key_empty"],
  [
    "a key that cannot be rendered",
    { mode: "always", key: "{{ event.orderId | append }}{% for i in (1..9999999) %}{{ i }}{% endfor %}" },
    {},
    "key_empty",
  ],
])("re-entry, %s", (...[, reentry, changes, expected]) => {
  expect(meet(withReentry(reentry), {}, changes)).toEqual(expected);
});

function span(amount: number, unit: string): JsonObject {
  return { mode: "after", span: { amount, unit } };
}

test.each<[JsonObject, unknown]>([
  [{ mode: "never" }, "already_running"],
  [{ mode: "always" }, "already_running"],
  [
    { mode: "always", whileRunning: "beside" },
    { entry: "begin", key: null },
  ],
  [
    { mode: "always", key: "{{ event.orderId }}" },
    { entry: "begin", key: "o-1" },
  ],
  [
    { ...span(1, "hours"), whileRunning: "beside" },
    { entry: "begin", key: null },
  ],
])("while a run without a key is live, re-entry %j gives %j", (reentry, expected) => {
  const flow = withReentry(reentry);
  expect(meet(flow, {}, { liveRuns: [runOf(flow)] })).toEqual(expected);
});

test("a live run of another flow is no hindrance", () => {
  const flow = withReentry({ mode: "always" });
  expect(meet(flow, {}, { liveRuns: [runOf(flow, { flowId: "flow-2" })] })).toEqual({ entry: "begin", key: null });
});

test("a time zone that is none does not shut a contact out for ever", () => {
  const contact = sampleContact({ timeZone: "Mars/Olympus" });
  const flow = withReentry(span(1, "days"));
  const yesterday = entered(null, new Date(noon.getTime() - 25 * hour));
  expect(meet(flow, {}, { ...yesterday, contact })).toEqual({ entry: "begin", key: null });
});

test("long keys that begin alike are different keys", () => {
  const flow = withReentry({ mode: "never", key: "{{ event.orderId }}" });
  const keys = ["x", "y"].map((ending) => {
    const found = enterFlow(flow, occurrence({ payload: { orderId: "k".repeat(300) + ending } }), contextWith());
    return found?.enter?.key ?? "";
  });
  expect(keys[0]).not.toBe(keys[1]);
  expect(keys.map((key) => key.length)).toEqual([200, 200]);
});

test("an exit rule on an event sees its payload as `event`, and the one the run began with as `run.event`", () => {
  const where = { field: "event.orderId", operator: "is", value: "o-2" };
  const flow = flowOf(steps, { changes: { exitWhen: [{ event: "cancel", where }, { event: "leave" }] } });
  const rule = (name: string, orderId: string) =>
    exitRuleFor(flow, { run: runOf(flow), occurrence: occurrence({ name, payload: { orderId } }) }, contextWith());
  expect([rule("cancel", "o-2"), rule("cancel", "o-1"), rule("leave", "o-1"), rule("go", "o-2")]).toEqual([
    0, -1, 1, -1,
  ]);
});
