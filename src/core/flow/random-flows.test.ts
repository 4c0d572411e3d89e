import fc from "fast-check";
import { expect, test } from "vitest";
import { stepKinds } from "../../steps/index.ts";
import { contextOf, noon, occurrence, stateOf } from "../../testing/flow-fixture.ts";
import { type FlowSpec, randomFlow as flow, randomKinds, soundFlow } from "../../testing/random-flows.ts";
import { type ContactState, decide, type Work } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { flowLimits } from "./definition.ts";
import { isLive } from "./run.ts";

const minuteMs = 60_000;
const numRuns = 100;
/** Far more than the flows here can come to in a minute, which all make one event at a time. */
const maxRounds = 3000;

/** What happens to the contact, minute by minute. */
const story = fc.array(fc.constantFrom("go", "stop", "other", "answer", "nothing"), { maxLength: 30 });

type Told = { state: ContactState; decisions: Decision[] };

/** Each minute goes on until nothing is in line any more, as passes do. */
function tell(spec: FlowSpec, events: readonly string[]): Told {
  const told = soundFlow(spec);
  const state = stateOf();
  const decisions: Decision[] = [];
  const context = contextOf([told]);
  events.forEach((name, minute) => {
    const now = new Date(noon.getTime() + minute * minuteMs);
    const line = workOf(state, name, now);
    for (let round = 0; ; round += 1) {
      expect(round).toBeLessThan(maxRounds);
      const due = [...state.runs.values()].filter(({ wakeAt }) => wakeAt !== null && wakeAt <= now);
      const work = [...line.splice(0), ...due.map(({ id }): Work => ({ kind: "due", runId: id }))];
      if (work.length === 0) break;
      const decision = decide(state, work, { ...context, now });
      decisions.push(decision);
      line.push(...madeBy(decision, now));
      checkState(state);
    }
  });
  return { state, decisions };
}

function workOf({ runs }: ContactState, name: string, now: Date): Work[] {
  if (name === "nothing") return [];
  if (name !== "answer")
    return [{ kind: "event", occurrence: occurrence({ id: `${now.getTime()}`, name, acceptedAt: now }) }];
  const asking = [...runs.values()].filter(({ status }) => status === "asking");
  return asking.map(({ id, visit }) => ({
    kind: "answer",
    runId: id,
    visit,
    answer: { ok: visit % 2 === 0, result: {} },
  }));
}

function madeBy({ occurrences, changed }: Decision, now: Date): Work[] {
  const heard = occurrences.filter(({ isHeard }) => isHeard);
  return [
    ...heard.map(
      ({ target = null, ...made }): Work => ({ kind: "event", occurrence: { ...made, target, acceptedAt: now } }),
    ),
    ...(changed === null ? [] : [{ kind: "changed" } as const]),
  ];
}

function checkState({ runs }: ContactState): void {
  for (const run of runs.values()) {
    expect(isLive(run)).toBe(true);
    expect(run.wakeAt === null).toBe(run.status === "asking");
    expect(run.visit).toBeLessThanOrEqual(flowLimits.visits + 1);
  }
}

test("no run of any flow is lost: it has ended, or has a time to wake or an effect that will wake it", () => {
  fc.assert(
    fc.property(flow, story, (made, events) => {
      const { state, decisions } = tell(made, events);
      const effects = new Set(
        decisions.flatMap((decision) => decision.effects.map(({ run, effect }) => `${run.id}|${effect.visit}`)),
      );
      const begun = new Set(decisions.flatMap(({ runs }) => [...runs.keys()]));
      const ended = decisions.flatMap(({ runs }) =>
        [...runs.values()].filter(({ run }) => !isLive(run)).map(({ run }) => run.id),
      );
      expect(begun).toEqual(new Set([...state.runs.keys(), ...ended]));
      expect(new Set(ended).size).toBe(ended.length);
      for (const run of state.runs.values())
        if (run.status === "asking") expect(effects).toContain(`${run.id}|${run.visit}`);
      expect(decisions.flatMap(({ bugs }) => bugs)).toEqual([]);
    }),
    { numRuns },
  );
});

test("every visit of a run asks for each effect once, and its trail names every step that it left", () => {
  fc.assert(
    fc.property(flow, story, (made, events) => {
      const { decisions } = tell(made, events);
      const keys = decisions.flatMap((decision) =>
        decision.effects.map(({ run, effect }) => `${run.id}|${effect.step}|${effect.visit}|${effect.ordinal}`),
      );
      expect(new Set(keys).size).toBe(keys.length);
      const trails = new Map<string, number[]>();
      for (const { runs } of decisions)
        for (const [id, { trail }] of runs) {
          const left = trail
            .filter(({ outcome }) => outcome === "went" || outcome === "moved")
            .map(({ visit }) => visit);
          trails.set(id, [...(trails.get(id) ?? []), ...left]);
        }
      for (const visits of trails.values()) expect(visits).toEqual(visits.map((_, index) => index + 1));
    }),
    { numRuns },
  );
});

test("the same story told twice ends the same", () => {
  fc.assert(
    fc.property(flow, story, (made, events) => {
      expect(tell(made, events)).toEqual(tell(made, events));
    }),
    { numRuns },
  );
});

test("random flows are made of every kind of step", () => {
  expect(Object.keys(stepKinds).filter((kind) => !randomKinds.includes(kind))).toEqual([]);
});
