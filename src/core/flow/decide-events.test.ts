import { describe, expect, test } from "vitest";
import { contextOf, flowOf, noon, occurrence, registryWith, runOf, stateOf } from "../../testing/flow-fixture.ts";
import { sampleContact } from "../../testing/step-suite.ts";
import type { JsonObject } from "../json.ts";
import { decide, type Work } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { flowLimits } from "./definition.ts";

const wait = (next: string | null = null) => ({
  kind: "wait",
  config: { for: { amount: 1, unit: "hours" } },
  exits: { next },
});
const tag = (name: string, next: string | null = null) => ({
  kind: "update-contact",
  config: { addTags: [name] },
  exits: { next },
});
const emit = (event: string, next: string | null = null) => ({
  kind: "emit-event",
  config: { event },
  exits: { next },
});
const mail = (next: string | null = null) => ({
  kind: "send-email",
  config: { subject: "x", html: "x" },
  exits: { next },
});
const event = (name: string, changes: Partial<Parameters<typeof occurrence>[0]> = {}): Work => ({
  kind: "event",
  occurrence: occurrence({ id: name, name, ...changes }),
});
const changed: Work = { kind: "changed" };
const restart = { reentry: { mode: "always", whileRunning: "restart" } };
const buyer = { field: "contact.tags", operator: "includes", value: "buyer" };

function statuses({ runs }: Decision): [string, string, string | null][] {
  return [...runs].map(([id, { run }]) => [id, run.status, run.reason]);
}

describe("a flow that restarts", () => {
  const flow = flowOf({ wait: wait() }, { changes: restart });

  test("puts the new run in the place of the live one, whose trail says so", () => {
    const decision = decide(stateOf([runOf(flow)]), [event("go")], contextOf([flow]));
    expect(statuses(decision)).toEqual([
      ["run-1", "cancelled", "restarted"],
      ["new-1", "waiting", null],
    ]);
    expect(decision.runs.get("run-1")?.trail).toMatchObject([{ kind: "reentry", outcome: "cancelled" }]);
    expect(decision.counts.map(({ name }) => name)).toEqual(["cancelled", "wait!cancelled", "started", "wait<"]);
    expect(decision.stopped.map(({ id }) => id)).toEqual(["run-1"]);
  });

  test("leaves runs of another key alone", () => {
    const keyed = flowOf({ wait: wait() }, { changes: { reentry: { ...restart.reentry, key: "{{ event.k }}" } } });
    const state = stateOf([runOf(keyed, { key: "a" }), runOf(keyed, { id: "run-2", key: "b" })]);
    const decision = decide(state, [event("go", { payload: { k: "b" } })], contextOf([keyed]));
    expect(statuses(decision).map(([id, status]) => [id, status])).toEqual([
      ["run-2", "cancelled"],
      ["new-1", "waiting"],
    ]);
  });
});

describe("what a run makes happen", () => {
  test("goes behind what is in line, one deeper and with the priority of the run", () => {
    const flow = flowOf({ emit: emit("made", "wait"), wait: wait() }, { changes: { priority: "low" } });
    const heard = flowOf({ wait: wait() }, { id: "flow-2", changes: { entries: entryOn("made", "wait") } });
    const decision = decide(stateOf(), [event("go", { depth: 4 })], contextOf([flow, heard]));
    expect(decision.occurrences).toMatchObject([{ name: "made", depth: 5, priority: 2, isHeard: true }]);
    expect(decision.runs.size).toBe(1);
  });

  test("is on record also when nobody listens, but not in line", () => {
    const flow = flowOf({ emit: emit("made") });
    const { occurrences } = decide(stateOf(), [event("go")], contextOf([flow]));
    expect(occurrences).toMatchObject([{ name: "made", isHeard: false }]);
  });

  test("comes with what it changed, where a flow listens", () => {
    const flow = flowOf({ tag: tag("buyer", "emit"), emit: emit("made") });
    const heard = flowOf(
      { wait: wait() },
      {
        id: "flow-2",
        registry: registryWith(),
        changes: { entries: entryOn("made", "wait"), exitWhen: [{ event: "made" }] },
      },
    );
    const { occurrences } = decide(stateOf(), [event("go")], contextOf([flow, heard]));
    expect(occurrences.map(({ name }) => name)).toEqual(["made"]);
  });

  test.each([
    [flowLimits.depth, "started", null],
    [flowLimits.depth + 1, "not_started", "loop_guard"],
  ])("at a depth of %d: %s", (depth, outcome, reason) => {
    const flow = flowOf({ wait: wait() });
    const { outcomes } = decide(stateOf(), [event("go", { depth })], contextOf([flow]));
    expect(outcomes).toMatchObject([{ outcome, reason }]);
  });
});

function entryOn(name: string, next: string): JsonObject {
  return { begin: { kind: "event", config: { event: name }, next } };
}

describe("a run that is ended early", () => {
  const flow = flowOf({ mail: mail("wait"), wait: wait() }, { changes: { exitWhen: [{ event: "stop" }] } });

  test("takes back what it asked for in the same batch", () => {
    const decision = decide(stateOf(), [event("go"), event("stop")], contextOf([flow]));
    expect(decision.effects).toEqual([]);
    expect(decision.withdrawn).toMatchObject([{ run: { id: "new-1" }, effect: { kind: "email" } }]);
    expect(decision.stopped).toMatchObject([{ id: "new-1", reason: "exit_rule_0" }]);
  });

  test("leaves what others asked for", () => {
    const beside = flowOf({ mail: mail("wait"), wait: wait() }, { id: "flow-2" });
    const decision = decide(stateOf(), [event("go"), event("stop")], contextOf([flow, beside]));
    expect(decision.effects.map(({ run }) => run.flowId)).toEqual(["flow-2"]);
  });

  test("keeps what it asked for on the very way to its end", () => {
    const own = flowOf(
      { mail: mail("tag"), tag: tag("buyer", "wait"), wait: wait() },
      { changes: { exitWhen: [{ when: buyer }] } },
    );
    const decision = decide(stateOf(), [event("go")], contextOf([own]));
    expect(statuses(decision)).toEqual([["new-1", "exited", "exit_rule_0"]]);
    expect(decision.effects).toHaveLength(1);
    expect(decision.withdrawn).toEqual([]);
  });

  test("is not one that came to its end", () => {
    const done = flowOf({ mail: mail() });
    const decision = decide(stateOf(), [event("go")], contextOf([done]));
    expect(decision).toMatchObject({ stopped: [], withdrawn: [], effects: [{ effect: { kind: "email" } }] });
  });
});

describe("a contact that has changed", () => {
  const exits = flowOf({ wait: wait() }, { id: "exits", changes: { exitWhen: [{ when: buyer }] } });
  const tags = flowOf(
    { tag: tag("buyer") },
    { id: "tags", changes: { entries: entryOn("bought", "tag"), priority: "low" } },
  );

  test("lets its runs look again, without an event", () => {
    const state = stateOf(
      [runOf(exits, { status: "waiting", step: "wait", wakeAt: null })],
      sampleContact({ tags: ["buyer"] }),
    );
    const decision = decide(state, [changed], contextOf([exits]));
    expect(statuses(decision)).toEqual([["run-1", "exited", "exit_rule_0"]]);
    expect(decision).toMatchObject({ outcomes: [], occurrences: [] });
  });

  test("is to be looked at again when a run changed it, with the priority of the run", () => {
    expect(decide(stateOf(), [event("bought")], contextOf([exits, tags])).changed).toBe(2);
  });

  test.each([
    ["nobody listens", [tags], sampleContact()],
    ["it had the tag already", [exits, tags], sampleContact({ tags: ["buyer"] })],
  ])("is left alone when %s", (_name, flows, contact) => {
    expect(decide(stateOf([], contact), [event("bought")], contextOf(flows)).changed).toBeNull();
  });

  test("begins nothing", () => {
    expect(decide(stateOf(), [changed], contextOf([exits, tags])).runs.size).toBe(0);
  });
});

test("a run that is due is moved before an event that came after it in line", () => {
  const flow = flowOf({ wait: wait("tag"), tag: tag("late") }, { changes: { exitWhen: [{ event: "stop" }] } });
  const run = runOf(flow, {
    status: "waiting",
    step: "wait",
    enteredAt: new Date(noon.getTime() - 3_600_000),
    wakeAt: noon,
  });
  const decision = decide(stateOf([run]), [{ kind: "due", runId: "run-1" }, event("stop")], contextOf([flow]));
  expect(statuses(decision)).toEqual([["run-1", "completed", null]]);
});
