import { expect, test } from "vitest";
import { isGold, isSilver } from "../../testing/entry-suite.ts";
import { stepContext } from "../../testing/step-suite.ts";
import { admitWhere, refuse } from "./admission.ts";

test("admits without a condition and with one that holds, and explains one that does not", () => {
  expect(admitWhere(undefined, stepContext())).toEqual({ admit: true });
  expect(admitWhere(isGold, stepContext())).toEqual({ admit: true });
  expect(admitWhere(isSilver, stepContext())).toMatchObject({
    reason: "condition_not_met",
    detail: { condition: { field: "contact.plan", actual: "gold", result: false } },
  });
});

test("refuses with a reason and what bears on it", () => {
  expect(refuse("other_event")).toEqual({ admit: false, reason: "other_event" });
  expect(refuse("other_value", { property: "plan" })).toMatchObject({ detail: { property: "plan" } });
});
