import fc from "fast-check";
import { expect, test } from "vitest";
import { contextOf, flowOf, noon, occurrence, runOf, stateOf, workspace } from "../../testing/flow-fixture.ts";
import { sampleContact } from "../../testing/step-suite.ts";
import type { Contact } from "../contact.ts";
import type { JsonObject } from "../json.ts";
import type { CompiledFlow } from "./compile.ts";
import { decide } from "./decide.ts";
import { emptyDecision } from "./decision.ts";
import { sureRefusals } from "./expect-entries.ts";
import { admissionKey } from "./route.ts";
import type { Occurrence } from "./step-kind.ts";

const steps = { rest: { kind: "wait", config: { for: { amount: 1, unit: "days" } }, exits: { next: null } } };
const overTen = { field: "event.total", operator: "greaterThan", value: 10 };
const isGold = { field: "contact.plan", operator: "is", value: "gold" };

function listening(where: JsonObject | null, { changes = {}, ...options }: Parameters<typeof flowOf>[1] = {}) {
  const config = { event: "go", ...(where && { where }) };
  return flowOf(steps, {
    ...options,
    changes: { entries: { begin: { kind: "event", config, next: "rest" } }, ...changes },
  });
}

function refusals(flows: CompiledFlow[], event: Partial<Occurrence> = {}) {
  return sureRefusals(flows, occurrence(event), { workspace, now: noon })?.map(({ reason }) => reason) ?? null;
}

test.each<[string, CompiledFlow[], Partial<Occurrence>, (string | null)[]]>([
  ["no flow at all", [], {}, []],
  ["a flow that listens to something else", [listening(null)], { name: "other" }, []],
  ["a condition on the event that does not hold", [listening(overTen)], {}, ["condition_not_met"]],
  ["a flow that is paused", [listening(isGold, { status: "paused" })], {}, ["flow_paused"]],
  ["a flow that it is not meant for", [listening(isGold)], { target: { flowId: "x" } }, ["meant_for_another_flow"]],
  [
    "an entry that it is not meant for",
    [listening(isGold)],
    { target: { flowId: "flow-1", entry: "x" } },
    ["other_entry"],
  ],
  [
    "a key of the event that is empty",
    [listening(null, { changes: { reentry: { mode: "always", key: "{{ event.no }}" } } })],
    {},
    ["key_empty"],
  ],
  [
    "two flows",
    [listening(overTen), listening(isGold, { id: "flow-2", status: "paused" })],
    {},
    ["condition_not_met", "flow_paused"],
  ],
])("is sure of %s", (...[, flows, event, reasons]) => {
  expect(refusals(flows, event)).toEqual(reasons);
});

test.each<[string, CompiledFlow[], Partial<Occurrence>]>([
  ["an entry that lets it in", [listening(null)], {}],
  ["one of two that lets it in", [listening(overTen), listening(null, { id: "flow-2" })], {}],
  ["a condition on the event that holds", [listening(overTen)], { payload: { total: 11 } }],
  ["a condition on the contact", [listening(isGold)], {}],
  ["one beside a condition that fails anyway", [listening({ and: [overTen, isGold] })], {}],
  ["the segments of the contact", [listening({ field: "contact.segments", operator: "includes", value: "s" })], {}],
  ["a segment", [listening({ segment: workspace.id })], {}],
  ["past events", [listening({ event: "order.paid" })], {}],
  ["past messages", [listening({ message: "opened" })], {}],
  [
    "a key of the contact",
    [listening(null, { changes: { reentry: { mode: "always", key: "{{ contact.no }}" } } })],
    {},
  ],
  ["a cap for the day", [listening(null, { changes: { admission: { perDay: 1 } } })], {}],
])("leaves %s to the pass", (...[, flows, event]) => {
  expect(refusals(flows, event)).toBeNull();
});

const leaf = fc.constantFrom<JsonObject>(
  overTen,
  { field: "event.orderId", operator: "exists" },
  { field: "event.total", operator: "lessThan", value: 5 },
  { field: "run.eventName", operator: "is", value: "go" },
  { field: "workspace.timeZone", operator: "is", value: "Europe/Rome" },
  { field: "event.at", operator: "before", value: "now" },
  isGold,
  { field: "contact.email", operator: "exists" },
  { field: "contact.nope", operator: "missing" },
  { event: "order.paid", count: { atMost: 0 } },
  { segment: workspace.id },
);
const where = fc.oneof(
  { weight: 3, arbitrary: leaf },
  fc.array(leaf, { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
  fc.array(leaf, { minLength: 1, maxLength: 2 }).map((or) => ({ or })),
  leaf.map((not) => ({ not })),
);
const entry = fc.option(where).map((condition) => ({
  kind: "event",
  config: { event: "go", ...(condition && { where: condition }) },
  next: "rest",
}));
const reentry = fc.constantFrom<JsonObject>(
  { mode: "never" },
  { mode: "never" },
  { mode: "always" },
  { mode: "always", whileRunning: "restart" },
  { mode: "always", whileRunning: "beside", key: "{{ event.orderId }}" },
  { mode: "never", key: "{{ contact.plan }}{{ event.orderId }}" },
  { mode: "after", span: { amount: 3, unit: "days" } },
);
const flowParts = fc.record({
  entries: fc.array(entry, { minLength: 1, maxLength: 2 }),
  reentry,
  status: fc.constantFrom<CompiledFlow["status"]>("active", "active", "active", "paused"),
  admission: fc.constantFrom<JsonObject>({}, { admission: { perDay: 2 } }),
});
const flows = fc.array(flowParts, { minLength: 1, maxLength: 3 }).map((all) =>
  all.map(({ entries, status, admission, ...more }, index) => {
    const named = Object.fromEntries(entries.map((one, at) => [`in${at}`, one]));
    const changes = { entries: named, ...admission, ...more } as unknown as JsonObject;
    return flowOf(steps, { id: `flow-${index}`, status, changes });
  }),
);
const event = fc
  .record(
    { total: fc.nat(15), orderId: fc.constantFrom("o-1", "o-2", ""), at: fc.constantFrom("2026-01-01", "2027-01-01") },
    { requiredKeys: [], noNullPrototype: true },
  )
  .chain((payload) =>
    fc
      .constantFrom<Occurrence["target"]>(null, null, { flowId: "flow-0" }, { flowId: "flow-1", entry: "in1" })
      .map((target) => occurrence({ payload: payload as JsonObject, target })),
  );
const contact = fc.constantFrom<Partial<Contact>>(
  {},
  { properties: {} },
  { email: null, tags: [], timeZone: null },
  { properties: { plan: "silver", nope: 1 } },
);
const key = fc.constantFrom(null, null, null, "o-1", "goldo-1", "");
/** `known`: of so many of the keys it is known that the contact entered the flows. */
const past = fc.record({
  contact,
  runKeys: fc.array(key, { maxLength: 2 }),
  entered: fc.array(key, { maxLength: 2 }),
  known: fc.constantFrom(0, 2),
});

test("it is sure of a flow that lets in once, and is known to have let the contact in", () => {
  const once = (key?: string) => listening(null, { changes: { reentry: { mode: "never", ...(key && { key }) } } });
  const entered = (key: string | null) => new Map([[admissionKey("flow-1", key), { lastAt: noon, runId: "run-1" }]]);
  const reasonOf = (flow: CompiledFlow, key: string | null) =>
    sureRefusals([flow], occurrence({ payload: { no: 7 } }), { workspace, now: noon, entered: entered(key) })?.[0]
      ?.reason;
  expect(reasonOf(once(), null)).toBe("entered_before");
  expect(reasonOf(once("{{ event.no }}"), "7")).toBe("entered_before");
  expect(reasonOf(once("{{ event.no }}"), "8")).toBeUndefined();
  expect(reasonOf(once(), "7")).toBeUndefined();
  expect(reasonOf(listening(isGold, { changes: { reentry: { mode: "never" } } }), null)).toBeUndefined();
  const days = { mode: "after", span: { amount: 3, unit: "days" } };
  for (const reentry of [{ mode: "always" }, days])
    expect(reasonOf(listening(null, { changes: { reentry } }), null)).toBeUndefined();
});

test("what it is sure of, the pass decides for anybody whatever they did before, and nothing else happens", () => {
  let sure = 0;
  let before = 0;
  fc.assert(
    fc.property(flows, event, past, (all, happened, past) => {
      const entered = past.entered.slice(0, past.known).flatMap((own) =>
        // What is known of them may be out of date.
        all.map(({ id }) => [admissionKey(id, own), { lastAt: new Date(0), runId: "run-old" }] as const),
      );
      const outcomes = sureRefusals(all, happened, { workspace, now: noon, entered: new Map(entered) });
      if (outcomes === null) return;
      sure += 1;
      if (outcomes.some(({ reason }) => reason === "entered_before")) before += 1;
      const runs = all.flatMap((flow, at) =>
        past.runKeys.map((own, index) => runOf(flow, { id: `run-${at}-${index}`, key: own })),
      );
      const state = stateOf(runs, sampleContact(past.contact));
      for (const flow of all)
        for (const own of past.entered)
          state.admissions.set(admissionKey(flow.id, own), { lastAt: noon, runId: "run-0" });
      const decision = decide(state, [{ kind: "event", occurrence: happened }], contextOf(all));
      expect(decision).toEqual({ ...emptyDecision(state.contact), outcomes });
    }),
    { numRuns: 2000 },
  );
  expect(sure).toBeGreaterThan(100);
  expect(before).toBeGreaterThan(5);
});
