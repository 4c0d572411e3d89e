import { expect, test } from "vitest";
import { occurrenceName } from "../../core/flow/occurrence-names.ts";
import type { Occurrence } from "../../core/flow/step-kind.ts";
import type { JsonObject } from "../../core/json.ts";
import { occurrence } from "../../testing/flow-fixture.ts";
import { stepContext } from "../../testing/step-suite.ts";
import { start } from "./run.ts";

const config = start.config.parse({
  variables: {
    coupon: { type: "string", required: true },
    level: { type: "number", default: 1 },
    urgent: { type: "boolean" },
    day: { type: "date" },
    cart: { type: "json" },
  },
});

function accepts(payload: JsonObject, changes: Partial<Occurrence> = {}) {
  const { scope, now } = stepContext();
  const started = occurrence({ name: occurrenceName.start("f"), target: { flowId: "f" }, payload, ...changes });
  return start.accepts(config, started, { entry: "begin", scope, now });
}

test("listens to starts of its own flow", () => {
  expect(start.listensTo(config, { flowId: "f", entry: "begin" })).toEqual(["$start:f"]);
});

test("takes what it declares, with defaults for what is not given", () => {
  const given = { coupon: "SPRING", urgent: false, day: "2026-03-01", cart: [1, { a: null }] };
  expect(accepts(given)).toEqual({ admit: true, payload: { ...given, level: 1 } });
  expect(accepts({ coupon: "A", level: null, cart: null })).toEqual({
    admit: true,
    payload: { coupon: "A", level: 1, cart: null },
  });
});

test.each<[JsonObject, string, string]>([
  [{}, "coupon", "is required"],
  [{ coupon: null }, "coupon", "is required"],
  [{ coupon: 1 }, "coupon", "must be text"],
  [{ coupon: "A", level: "1" }, "level", "must be a number"],
  [{ coupon: "A", urgent: "yes" }, "urgent", "must be true or false"],
  [
    { coupon: "A", day: "1 March" },
    "day",
    "must be a date such as 2026-03-01 or an instant such as 2026-03-01T10:00:00Z",
  ],
  [
    { coupon: "A", colour: "red" },
    "colour",
    "is not a variable of the entry; there are coupon, level, urgent, day, cart",
  ],
])("refuses %j at %s", (payload, path, message) => {
  const issues = [{ path, message }];
  expect(accepts(payload)).toEqual({ admit: false, reason: "variables_invalid", detail: { issues } });
});

test("leaves starts of other entries and other events alone", () => {
  expect(accepts({ coupon: "A" }, { target: { flowId: "f", entry: "other" } })).toMatchObject({
    reason: "other_entry",
  });
  expect(accepts({ coupon: "A" }, { target: null })).toMatchObject({ reason: "other_event" });
  expect(accepts({ coupon: "A" }, { target: { flowId: "f", entry: "begin" } })).toMatchObject({ admit: true });
});

test.each<[JsonObject, string]>([
  [{ n: { type: "number", default: "1" } }, "variables.n.default"],
  [{ n: { type: "number", default: 1, required: true } }, "variables.n.default"],
])("refuses the declarations %j at %s", (variables, path) => {
  const parsed = start.config.parse({ variables });
  expect(start.check?.(parsed, { stepNames: [] })).toMatchObject([{ path }]);
});

test.each([
  { variables: { "a b": { type: "string" } } },
  { variables: { a: { type: "text" } } },
  { variables: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`v${n}`, { type: "json" }])) },
  { more: 1 },
])("refuses the configuration %j", (bad) => {
  expect(start.config.safeParse(bad).success).toBe(false);
});
