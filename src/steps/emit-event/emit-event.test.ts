import { expect, test } from "vitest";
import { maxPayloadBytes } from "../../core/event-input.ts";
import type { JsonObject } from "../../core/json.ts";
import { describeStepKind, stepContext } from "../../testing/step-suite.ts";
import { emitEvent } from "./run.ts";

describeStepKind(emitEvent, {
  good: [
    { config: { event: "order.reviewed" } },
    { config: { event: "order.{{ event.kind }}", payload: { id: "{{ event.orderId }}", total: "{{ event.total }}" } } },
    { config: { event: "{{ event.nothing }}" } },
  ],
  bad: [
    { config: {}, path: "event" },
    { config: { event: "" }, path: "event" },
    { config: { event: "$inbound" }, path: "event" },
    { config: { event: "x".repeat(129) }, path: "event" },
    { config: { event: "{{ nobody.x }}" }, path: "event" },
    { config: { event: "a", payload: [] }, path: "payload" },
    { config: { event: "a", payload: { b: ["{% if %}"] } }, path: "payload.b[0]" },
    {
      config: { event: "a", payload: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`f${n}`, n])) },
      path: "payload",
    },
    { config: { event: "a", to: "b" }, path: "to" },
  ],
});

function emit(config: JsonObject, event?: JsonObject) {
  return emitEvent.run(emitEvent.config.parse(config), stepContext({}, event));
}

test("makes an event whose payload keeps the types of what was put in", () => {
  const payload = {
    id: "{{ event.orderId }}",
    total: "{{ event.total }}",
    text: "Order {{ event.orderId }}",
    fixed: [1, true],
  };
  expect(emit({ event: "order.{{ event.orderId }}", payload })).toEqual({
    kind: "go",
    exit: "next",
    occurrences: [{ name: "order.o-1", payload: { id: "o-1", total: 12.5, text: "Order o-1", fixed: [1, true] } }],
    detail: { event: "order.o-1" },
  });
});

test.each(["", "$property:plan", "x".repeat(200)])("a name that comes out as %j fails the step", (name) => {
  expect(emit({ event: "{{ event.name }}" }, { name })).toMatchObject({ kind: "fail", reason: "invalid_event_name" });
});

test("a payload that is larger than one from outside may be fails the step", () => {
  const big = "x".repeat(maxPayloadBytes);
  expect(emit({ event: "a", payload: { big: "{{ event.big }}" } }, { big })).toMatchObject({
    kind: "fail",
    reason: "invalid_payload",
    detail: { limit: maxPayloadBytes },
  });
});

test("a template that breaks a limit fails the step", () => {
  expect(emit({ event: "a", payload: { x: "a{% for i in (1..99999999) %}{% endfor %}" } })).toMatchObject({
    kind: "fail",
    reason: "template_failed",
  });
});
