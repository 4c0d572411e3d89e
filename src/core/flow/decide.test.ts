import fc from "fast-check";
import { expect, test } from "vitest";
import { contextOf, flowOf, noon, occurrence, registryWith, runOf, stateOf } from "../../testing/flow-fixture.ts";
import type { JsonObject } from "../json.ts";
import { compileFlow } from "./compile.ts";
import { type ContactState, decide, type Work } from "./decide.ts";
import type { Decision } from "./decision.ts";

const end = { kind: "end", config: {} };
const wait = (next: string | null = null) => ({
  kind: "wait",
  config: { for: { amount: 1, unit: "hours" } },
  exits: { next },
});
const call = (next: string | null = null) => ({
  kind: "http-action",
  config: { method: "POST", url: "https://example.com/" },
  exits: { success: next, error: next },
});
const tag = (name: string, next: string | null = null) => ({
  kind: "update-contact",
  config: { addTags: [name] },
  exits: { next },
});
const event = (name: string, id = name, payload: JsonObject = {}): Work => ({
  kind: "event",
  occurrence: occurrence({ id, name, payload }),
});
const answer = (runId: string, visit = 1): Work => ({ kind: "answer", runId, visit, answer: { ok: true, result: {} } });
const due = (runId: string): Work => ({ kind: "due", runId });

function statuses({ runs }: Decision): Record<string, string> {
  return Object.fromEntries([...runs].map(([id, { run }]) => [id, run.status]));
}

test("an event begins a run, remembers the entry and counts it", () => {
  const flow = flowOf({ wait: wait() });
  const decision = decide(stateOf(), [event("go")], contextOf([flow]));
  expect(decision.runs.get("new-1")).toMatchObject({
    isNew: true,
    run: { status: "waiting", entry: "begin", eventId: "go" },
  });
  expect(decision.outcomes).toMatchObject([{ eventId: "go", outcome: "started", runId: "new-1", entry: "begin" }]);
  expect(decision.admissions).toEqual([{ flowId: "flow-1", key: null, runId: "new-1", at: noon }]);
  expect(decision.counts).toMatchObject([{ name: "started" }, { name: "wait<" }]);
});

test("the second of two events in one batch meets what the first one did", () => {
  const flow = flowOf({ wait: wait() }, { changes: { reentry: { mode: "never" } } });
  const { outcomes } = decide(stateOf(), [event("go", "e1"), event("go", "e2")], contextOf([flow]));
  expect(outcomes.map(({ eventId, outcome, reason }) => [eventId, outcome, reason])).toEqual([
    ["e1", "started", null],
    ["e2", "not_started", "entered_before"],
  ]);
});

test("one event can end a run and begin the next", () => {
  const flow = flowOf({ wait: wait() }, { changes: { exitWhen: [{ event: "go" }] } });
  const decision = decide(stateOf(), [event("go", "e1"), event("go", "e2")], contextOf([flow]));
  expect(statuses(decision)).toEqual({ "new-1": "exited", "new-2": "waiting" });
  expect(decision.outcomes.map(({ eventId, outcome, runId }) => [eventId, outcome, runId])).toEqual([
    ["e1", "started", "new-1"],
    ["e2", "exited", "new-1"],
    ["e2", "started", "new-2"],
  ]);
  expect(decision.runs.get("new-1")).toMatchObject({
    isNew: true,
    trail: [{ outcome: "waiting" }, { outcome: "exited" }],
  });
});

test("an exit rule of the version that a run is pinned to holds, though the flow has a newer one without it", () => {
  const old = flowOf({ wait: wait() }, { changes: { exitWhen: [{ event: "leave" }] } });
  const current = { ...flowOf({ wait: wait() }), version: 2 };
  const decision = decide(stateOf([runOf(old)]), [event("leave")], contextOf([old, current]));
  expect(statuses(decision)).toEqual({ "run-1": "exited" });
});

test("an answer wakes its run, and a stale one wakes nobody", () => {
  const flow = flowOf({ call: call("wait"), wait: wait() });
  const asking = runOf(flow, { status: "asking", wakeAt: null });
  expect(statuses(decide(stateOf([asking]), [answer("run-1", 1)], contextOf([flow])))).toEqual({ "run-1": "waiting" });
  for (const stale of [answer("run-1", 2), answer("run-2", 1)])
    expect(decide(stateOf([asking]), [stale], contextOf([flow])).runs.size).toBe(0);
  expect(
    decide(stateOf([asking]), [answer("run-1"), answer("run-1")], contextOf([flow])).runs.get("run-1")?.trail,
  ).toHaveLength(2);
});

test("a run that is not due, or has ended, is left alone", () => {
  const flow = flowOf({ wait: wait() });
  const asleep = runOf(flow, { status: "waiting", wakeAt: new Date(noon.getTime() + 1) });
  const asking = runOf(flow, { id: "run-2", status: "asking", wakeAt: null });
  const decision = decide(stateOf([asleep, asking]), [due("run-1"), due("run-2"), due("run-3")], contextOf([flow]));
  expect(decision.runs.size).toBe(0);
});

test("a change that one run makes is seen by the next item of work", () => {
  const where = { field: "contact.tags", operator: "includes", value: "hot" };
  const first = flowOf({ tag: tag("hot") });
  const second = flowOf(
    { done: end },
    {
      id: "flow-2",
      changes: { entries: { begin: { kind: "event", config: { event: "next", where }, next: "done" } } },
    },
  );
  const { outcomes, contact } = decide(
    stateOf(),
    [event("next", "e1"), event("go"), event("next", "e2")],
    contextOf([first, second]),
  );
  expect(outcomes.map(({ eventId, outcome }) => [eventId, outcome])).toEqual([
    ["e1", "not_started"],
    ["go", "started"],
    ["e2", "started"],
  ]);
  expect(contact.tags).toContain("hot");
});

test("a step that throws ends its own run, and is reported; other runs go on", () => {
  const broken = flowOf(
    { odd: { kind: "odd", config: {}, exits: { next: null } } },
    {
      registry: registryWith(() => {
        throw new Error("Bug");
      }),
    },
  );
  const sound = flowOf({ wait: wait() }, { id: "flow-2" });
  const decision = decide(stateOf(), [event("go")], contextOf([broken, sound]));
  expect(statuses(decision)).toEqual({ "new-1": "failed", "new-2": "waiting" });
  expect(decision.bugs).toMatchObject([{ runId: "new-1", flowId: "flow-1", error: { message: "Bug" } }]);
});

test("an entry that throws keeps the contact out of its flow, says so, and is reported", () => {
  const registry = registryWith();
  const kind = {
    ...registry.entries["event"],
    accepts: () => {
      throw new Error("Bug");
    },
  };
  const definition = flowOf({ done: end }).definition;
  const broken = compileFlow({ id: "flow-0", workspaceId: "w", version: 1, status: "active" }, definition, {
    ...registry,
    entries: { event: kind as never },
  });
  const decision = decide(stateOf(), [event("go")], contextOf([broken, flowOf({ done: end })]));
  expect(decision.outcomes.map(({ flowId, outcome, reason }) => [flowId, outcome, reason])).toEqual([
    ["flow-0", "not_started", "internal_error"],
    ["flow-1", "started", null],
  ]);
  expect(decision.bugs).toHaveLength(1);
});

test("a run whose version is missing fails, and is reported", () => {
  const decision = decide(stateOf([runOf(flowOf({ wait: wait() }))]), [due("run-1")], contextOf([]));
  expect(decision.runs.get("run-1")?.run).toMatchObject({ status: "failed", reason: "flow_version_missing" });
  expect(decision.bugs).toHaveLength(1);
});

const flows = [
  flowOf(
    { call: call("wait"), wait: wait("tag"), tag: tag("a") },
    { id: "f1", changes: { exitWhen: [{ event: "stop" }] } },
  ),
  flowOf(
    { tag: tag("b", "call"), call: call() },
    { id: "f2", changes: { reentry: { mode: "never", key: "{{ event.k }}" } } },
  ),
  flowOf({ wait: wait() }, { id: "f3", changes: { reentry: { mode: "always", whileRunning: "beside" } } }),
];
const runId = fc.constantFrom("run-1", "run-2", "new-1", "new-2", "new-3");
const anyWork: fc.Arbitrary<Work> = fc.oneof(
  fc
    .record({ name: fc.constantFrom("go", "stop", "other"), k: fc.constantFrom("x", "y") })
    .map(({ name, k }) => event(name, `${name}-${k}`, { k })),
  fc.record({ id: runId, visit: fc.nat({ max: 3 }) }).map(({ id, visit }) => answer(id, visit)),
  runId.map(due),
);

test("the result does not depend on how the work is cut into batches", () => {
  const batches = fc.array(fc.array(anyWork, { maxLength: 6 }), { maxLength: 6 });
  fc.assert(
    fc.property(batches, (cut) => {
      const [first, second] = [sampleState(), sampleState()];
      const whole = summary([decide(first, cut.flat(), contextOf(flows))]);
      const context = contextOf(flows);
      const parts = summary(cut.map((work) => decide(second, work, context)));
      expect(parts).toEqual(whole);
      expect(second).toEqual(first);
    }),
  );
});

function sampleState(): ContactState {
  const [one, two] = flows as [(typeof flows)[number], (typeof flows)[number]];
  return stateOf([
    runOf(one, { id: "run-1", status: "asking", wakeAt: null }),
    runOf(two, { id: "run-2", step: "call", visit: 2, key: "x" }),
  ]);
}

/** What several decisions come to, as one. */
function summary(decisions: readonly Decision[]) {
  const trail: Record<string, unknown[]> = {};
  const runs: Record<string, unknown> = {};
  for (const decision of decisions) {
    for (const [id, moved] of decision.runs) {
      runs[id] = moved.run;
      trail[id] = [...(trail[id] ?? []), ...moved.trail];
    }
  }
  const stopped = new Set(decisions.flatMap((decision) => decision.stopped.map(({ id }) => id)));
  return {
    runs,
    trail,
    changes: decisions.flatMap(({ changes }) => changes),
    // What a stopped run asked for is taken back from the outbox when it was asked for in an earlier batch.
    effects: decisions.flatMap(({ effects }) =>
      effects.filter(({ run }) => !stopped.has(run.id)).map(({ run, effect }) => [run.id, effect]),
    ),
    outcomes: decisions.flatMap(({ outcomes }) => outcomes),
    admissions: decisions.flatMap(({ admissions }) => admissions),
    counts: decisions.flatMap(({ counts }) => counts),
  };
}
