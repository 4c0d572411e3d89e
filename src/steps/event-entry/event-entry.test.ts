import { expect, test } from "vitest";
import type { Occurrence } from "../../core/flow/step-kind.ts";
import { stepContext } from "../../testing/step-suite.ts";
import { eventEntry } from "./run.ts";

const occurrence: Occurrence = {
  id: "0190a000-0000-7000-8000-000000000002",
  name: "order.paid",
  payload: { total: 12.5 },
  acceptedAt: new Date("2026-03-01T12:00:00Z"),
  target: null,
  depth: 0,
  priority: 1,
};

function accepts(config: object, changes: Partial<Occurrence> = {}) {
  const { scope, now } = stepContext();
  return eventEntry.accepts(
    eventEntry.config.parse(config),
    { ...occurrence, ...changes },
    { entry: "bought", scope, now },
  );
}

test("listens to its event", () => {
  expect(eventEntry.listensTo({ event: "order.paid" }, { flowId: "f", entry: "bought" })).toEqual(["order.paid"]);
});

test("takes its event", () => {
  expect(accepts({ event: "order.paid" })).toEqual({ admit: true });
});

test("takes its event when the condition holds", () => {
  expect(accepts({ event: "order.paid", where: { field: "contact.plan", operator: "is", value: "gold" } })).toEqual({
    admit: true,
  });
});

test("refuses its event when the condition does not hold, and explains", () => {
  const where = { field: "contact.plan", operator: "is", value: "silver" };
  expect(accepts({ event: "order.paid", where })).toMatchObject({
    admit: false,
    reason: "condition_not_met",
    detail: { condition: { field: "contact.plan", actual: "gold", result: false } },
  });
});

test("refuses other events, and events meant for another entry", () => {
  expect(accepts({ event: "order.paid" }, { name: "order.sent" })).toEqual({ admit: false, reason: "other_event" });
  const target = { flowId: "f", entry: "other" };
  expect(accepts({ event: "order.paid" }, { target })).toEqual({ admit: false, reason: "other_entry" });
});

test.each([{ flowId: "f" }, { flowId: "f", entry: "bought" }])("takes an event meant for it: %j", (target) => {
  expect(accepts({ event: "order.paid" }, { target })).toEqual({ admit: true });
});

test.each([
  {},
  { event: "" },
  { event: "$incoming-call" },
  { event: "a\nb" },
  { event: "a", where: { field: "x" } },
  { event: "a", more: 1 },
])("refuses the configuration %j", (config) => {
  expect(eventEntry.config.safeParse(config).success).toBe(false);
});
