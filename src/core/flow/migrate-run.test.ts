import { expect, test } from "vitest";
import { flowOf, noon, runOf } from "../../testing/flow-fixture.ts";
import { migrateRun, planMigration } from "./migrate-run.ts";

const hours = (amount: number) => ({ for: { amount, unit: "hours" } });
const http = (next: string | null) => ({
  kind: "http-action",
  config: { method: "GET", url: "https://example.com/" },
  exits: { success: next, error: next },
});
const from = flowOf({ call: http("pause"), pause: { kind: "wait", config: hours(1), exits: { next: null } } });
const to = {
  ...flowOf({ ask: http("pause"), pause: { kind: "wait", config: hours(2), exits: { next: null } } }),
  version: 2,
};

function planned(map: Record<string, string | null>) {
  const plan = planMigration(from, to, map);
  if (!plan.ok) throw new Error(JSON.stringify(plan.issues));
  return { from, to, steps: plan.steps, by: "Ada" };
}

const standing = runOf(from, { step: "pause", status: "waiting", visit: 3, vars: { a: 1 }, wakeAt: noon });
const later = new Date("2026-03-01T13:00:00Z");

test("steps of the same name and kind map to themselves, the others have to be named", () => {
  expect([...planned({ call: "ask" }).steps]).toEqual([
    ["call", "ask"],
    ["pause", "pause"],
  ]);
  expect(planMigration(from, to, {})).toMatchObject({ ok: false, issues: [{ path: "map.call" }] });
});

test("names that are no steps are refused, each with its path", () => {
  const plan = planMigration(from, to, { call: "none", other: null });
  expect(plan).toMatchObject({ ok: false, issues: [{ path: "map.call" }, { path: "map.other" }] });
});

test("a run keeps what it has and when it entered, and is looked at anew on another visit", () => {
  const change = migrateRun(standing, planned({ call: null }), later);
  expect(change).toMatchObject({
    run: { ...standing, version: 2, visit: 4, status: "active", wakeAt: later },
    trail: { visit: 3, step: "pause", outcome: "moved", detail: { from: 1, to: 2, step: "pause", by: "Ada" } },
    counts: [
      { version: 1, name: "movedOut" },
      { version: 2, name: "movedIn" },
      { version: 1, name: "pause>" },
      { version: 2, name: "pause<" },
    ],
  });
});

const asking = runOf(from, { step: "call", status: "asking", visit: 1, wakeAt: null });

test("a run with a call in hand keeps its visit when the new step is of the same kind", () => {
  const change = migrateRun(asking, planned({ call: "ask" }), later);
  expect(change).toMatchObject({ run: { ...asking, version: 2, step: "ask" } });
});

test("a run with a call in hand waits for the answer when the new step is of another kind", () => {
  expect(migrateRun(asking, planned({ call: "pause" }), later)).toBe("later");
});

test("a step that leads nowhere ends its runs in the old version", () => {
  const change = migrateRun(asking, planned({ call: null }), later);
  expect(change).toMatchObject({
    run: { version: 1, status: "cancelled", reason: "migrated_out", endedAt: later },
    counts: [
      { version: 1, name: "cancelled" },
      { version: 1, name: "call!cancelled" },
    ],
  });
});
