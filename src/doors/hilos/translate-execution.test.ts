import { expect, test } from "vitest";

import type { RunDetail, TrailView } from "../../operations/runs.ts";
import type { StartedStatus, StartListView } from "../../operations/start-list-reads.ts";
import { contactStatusOf, showExecution } from "./translate-execution.ts";
import { showSteps } from "./translate-steps.ts";

const at = new Date("2026-03-01T10:00:00Z");
const list = (counts: StartListView["counts"], isHeld = false): StartListView => ({
  ...{ id: "l", flowId: "f", flowName: "Campaign", entry: "begin", variables: {}, endsOthers: false, isHeld },
  ...{ contacts: Object.values(counts).reduce((sum, count) => sum + count, 0), counts, averageMs: null },
  ...{ createdBy: "key", createdAt: at },
});

test.each<[StartedStatus, string]>([
  ["queued", "READY"],
  ["active", "RUNNING"],
  ["waiting", "RUNNING"],
  ["asking", "RUNNING"],
  ["completed", "COMPLETED"],
  ["exited", "CANCELED"],
  ["cancelled", "CANCELED"],
  ["refused", "CANCELED"],
  ["failed", "FAILED"],
  ["expired", "EXPIRED"],
])("a contact that is %s is %s there", (status, expected) => {
  expect(contactStatusOf({ status, isHeld: false })).toBe(expected);
});

test.each<[StartListView["counts"], boolean, string]>([
  [{ queued: 2 }, false, "STARTING"],
  [{ queued: 2 }, true, "PAUSED"],
  [{ queued: 1, completed: 1 }, false, "RUNNING"],
  [{ waiting: 1, failed: 1 }, false, "RUNNING"],
  [{ waiting: 1, failed: 1 }, true, "PAUSED"],
  [{ completed: 1, failed: 1, refused: 1 }, false, "COMPLETED"],
  [{ refused: 1, cancelled: 1 }, false, "CANCELED"],
])("an execution of %j (held: %s) is %s", (counts, isHeld, expected) => {
  expect(showExecution(list(counts, isHeld)).status).toBe(expected);
});

test("counts each contact once, and says how long the completed ones took", () => {
  const shown = showExecution({
    ...list({ queued: 1, waiting: 2, completed: 3, exited: 1, refused: 1, failed: 4, expired: 5 }),
    averageMs: 90_061_000,
  });
  expect(shown).toMatchObject({ num_contacts: 17, running: 2, completed: 3, canceled: 2, failed: 4, expired: 5 });
  expect(shown.avg_completion_time).toBe("1 01:01:01");
});

const entry = (fields: Partial<TrailView>): TrailView => ({
  ...{
    visit: 1,
    step: "call",
    kind: "http-action",
    enteredAt: at.toISOString(),
    at: at.toISOString(),
    outcome: "went",
    durationMs: 0,
  },
  ...fields,
});
const run = (fields: Partial<RunDetail>): RunDetail =>
  ({ id: "r", visit: 2, endedAt: at, wakeAt: null, steps: {}, messages: [], trail: [], ...fields }) as RunDetail;

test("a call that failed is a failed step with the reason, though its run went on", () => {
  const trail = [
    entry({ outcome: "asked", detail: { url: "https://crm.example" } }),
    entry({ exit: "error", detail: { status: 500 } }),
    entry({ visit: 2, step: "told", kind: "end", outcome: "ended" }),
  ];
  const steps = [
    { name: "call", kind: "http-action" },
    { name: "told", kind: "end" },
    { name: "thanks", kind: "send-email" },
  ];
  expect(showSteps({ run: run({ trail, steps: { call: { status: 500 } } }), steps })).toMatchObject([
    {
      ...{ status: "FAILED", has_error: true, last_error_detail: "HTTP status 500" },
      ...{ step: { name: "call", step_type: "ACTION" }, execution_result: { status: 500, exit: "error" } },
      request_data: { url: "https://crm.example" },
    },
    { step: { name: "told", step_type: "END" }, status: "COMPLETED" },
    { step: { name: "thanks", step_type: "MESSAGE" }, status: "NOT_EXECUTED" },
  ]);
});

test("the step that a live run waits on is running until it wakes, and those behind it are to come", () => {
  const trail = [entry({ step: "hold", kind: "wait", outcome: "waiting", visit: 1 })];
  const live = run({ trail, visit: 1, endedAt: null, wakeAt: at });
  const steps = [
    { name: "hold", kind: "wait" },
    { name: "call", kind: "http-action" },
  ];
  expect(showSteps({ run: live, steps })).toMatchObject([
    { status: "RUNNING", expire_on: at.toISOString(), completed_on: null },
    { status: "WAITING_TO_START" },
  ]);
  expect(showSteps({ run: null, steps })).toEqual([]);
});
