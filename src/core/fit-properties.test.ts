import { expect, test } from "vitest";
import { fitProperties } from "./fit-properties.ts";
import { completeField } from "./list-field.ts";

const fields = [
  completeField({ placeholder: "total", name: "Total", type: "number" }, 1),
  completeField({ placeholder: "vip", name: "VIP", type: "boolean" }, 2),
];

test("fields of the list get their type, other properties stay as they are", () => {
  expect(fitProperties({ total: "12.5", vip: "1", note: "7", empty: null }, fields)).toEqual({
    properties: { total: 12.5, vip: true, note: "7", empty: null },
    issues: [],
  });
});

test("an empty value removes the property", () => {
  expect(fitProperties({ total: "" }, fields).properties).toEqual({ total: null });
});

test("every value that does not fit its field is named", () => {
  expect(fitProperties({ total: "many", vip: [], note: [] }, fields).issues).toMatchObject([
    { path: "total" },
    { path: "vip" },
  ]);
});
