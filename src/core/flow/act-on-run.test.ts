import { expect, test } from "vitest";
import { flowOf, noon, runOf } from "../../testing/flow-fixture.ts";
import { actOnRun, type RunAction } from "./act-on-run.ts";
import { endRun, type Run } from "./run.ts";

const flow = flowOf({
  pause: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "last" } },
  last: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: null } },
});
const now = new Date("2026-03-01T12:30:00Z");
const act = (run: Run, action: RunAction) => actOnRun(run, action, { flow, by: "Ada", now });
const waiting = runOf(flow, { status: "waiting", wakeAt: now });
const failed = endRun(waiting, "failed", { now: noon, reason: "internal_error" });

test("a cancelled run ends where it stands, and what it asked for is not done", () => {
  expect(act(waiting, { kind: "cancel", note: "asked" })).toMatchObject({
    ok: true,
    stopsEffects: true,
    run: { status: "cancelled", step: "pause", reason: "cancelled_by_request", endedAt: now },
    trail: { outcome: "cancelled", detail: { by: "Ada", note: "asked" } },
  });
});

test("a wait that is skipped is left by its ordinary exit", () => {
  expect(act(waiting, { kind: "skip-wait" })).toMatchObject({
    run: { status: "active", step: "last", visit: 2, enteredAt: now, wakeAt: now },
    trail: { step: "pause", outcome: "went", exit: "next", detail: { skippedBy: "Ada" } },
    counts: [{ version: 1, name: "pause:next" }],
  });
});

test("a skipped wait that was the last step ends the run", () => {
  expect(act({ ...waiting, step: "last" }, { kind: "skip-wait" })).toMatchObject({
    run: { status: "completed", step: null, wakeAt: null, endedAt: now },
    counts: [
      { version: 1, name: "last:next" },
      { version: 1, name: "completed" },
    ],
  });
});

test("a failed run stands at its step again, on another visit", () => {
  expect(act(failed, { kind: "retry" })).toMatchObject({
    run: { status: "active", step: "pause", visit: 2, reason: null, endedAt: null, wakeAt: now },
    counts: [
      { version: 1, name: "retried" },
      { version: 1, name: "pause<" },
    ],
  });
});

test("a run is moved to another step of its version", () => {
  expect(act(waiting, { kind: "move", step: "last" })).toMatchObject({
    run: { step: "last", visit: 2, enteredAt: now, status: "active" },
    trail: { outcome: "moved", detail: { to: "last", by: "Ada" } },
    stopsEffects: true,
  });
});

test.each<[string, Run, RunAction]>([
  ["cancel what has ended", failed, { kind: "cancel" }],
  ["retry what has not failed", waiting, { kind: "retry" }],
  ["retry a step that is gone", { ...failed, step: "gone" }, { kind: "retry" }],
  ["skip what does not wait", { ...waiting, status: "asking" }, { kind: "skip-wait" }],
  ["move to a step that is not there", waiting, { kind: "move", step: "gone" }],
  ["move what has ended", failed, { kind: "move", step: "last" }],
])("refuses to %s, and says why", (_name, run, action) => {
  expect(act(run, action)).toEqual({ ok: false, reason: expect.any(String) });
});
