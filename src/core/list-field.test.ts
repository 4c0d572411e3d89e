import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "./json.ts";
import { checkListFields, completeField, type FieldType, listFieldSchema, readFieldValue } from "./list-field.ts";

const colours = ["red", "blue"];

test.each<[FieldType, Json, Json]>([
  ["text", " Ada ", "Ada"],
  ["text", 12, "12"],
  ["text", "", null],
  ["text", null, null],
  ["number", "12.50", 12.5],
  ["number", -3, -3],
  ["number", "1e3", 1000],
  ["number", " ", null],
  ["boolean", "1", true],
  ["boolean", 0, false],
  ["boolean", "Yes", true],
  ["boolean", false, false],
  ["date", "2026-03-01", "2026-03-01"],
  ["date", "01/03/2026", "2026-03-01"],
  ["date", "2026-03-01 10:00:00", "2026-03-01T10:00:00Z"],
  ["date", "2026-03-01T10:00:00+01:00", "2026-03-01T10:00:00+01:00"],
  ["options", "red", "red"],
])("a field of the type %s keeps %j as %j", (type, given, kept) => {
  expect(readFieldValue({ type, options: colours }, given)).toEqual({ ok: true, value: kept });
});

test.each<[FieldType, Json]>([
  ["text", ["a"]],
  ["text", "a\0"],
  ["text", "x".repeat(10_001)],
  ["number", "twelve"],
  ["number", true],
  ["number", "1e999"],
  ["number", "0x10"],
  ["boolean", "perhaps"],
  ["boolean", 2],
  ["date", "31/02/2026"],
  ["date", "tomorrow"],
  ["date", 20260301],
  ["options", "green"],
  ["options", {}],
])("a field of the type %s refuses %j", (type, given) => {
  expect(readFieldValue({ type, options: colours }, given)).toEqual({ ok: false, message: expect.any(String) });
});

test("what was kept is kept again as it is", () => {
  const type = fc.constantFrom<FieldType>("text", "number", "date", "boolean", "options");
  const value = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constantFrom("red", "01/03/2026", "1", "2026-03-01"),
  );
  fc.assert(
    fc.property(type, value, (of, given) => {
      const field = { type: of, options: colours };
      const read = readFieldValue(field, given);
      if (read.ok) expect(readFieldValue(field, read.value)).toEqual(read);
    }),
  );
});

const city = { placeholder: "city", name: "City", type: "text" } as const;

test.each([
  [[city, { ...city, name: "Town" }], "fields[1].placeholder"],
  [
    [
      { ...city, number: 3 },
      { ...city, placeholder: "town", number: 3 },
    ],
    "fields[1].number",
  ],
  [[{ ...city, options: ["a"] }], "fields[0].options"],
  [[{ ...city, type: "options" as const }], "fields[0].options"],
  [[{ ...city, type: "options" as const, options: ["a", "a"] }], "fields[0].options"],
  [[{ ...city, type: "number" as const, default: "many" }], "fields[0].default"],
  [Array.from({ length: 101 }, (_, index) => ({ ...city, placeholder: `city${index}` })), "fields"],
])("refuses the fields %j", (fields, path) => {
  expect(checkListFields(fields)).toMatchObject([{ path }]);
});

test.each([
  {},
  { ...city, placeholder: "1st" },
  { ...city, placeholder: "email" },
  { ...city, name: "  " },
  { ...city, name: "a\0" },
  { ...city, type: "colour" },
  { ...city, number: 0 },
  { ...city, more: 1 },
  { ...city, default: {} },
])("refuses the field %j", (field) => {
  expect(listFieldSchema.safeParse(field).success).toBe(false);
});

test("a field is completed with a number of its own and a default of its type", () => {
  expect(completeField({ ...city, type: "number", default: "5" }, 7)).toEqual({
    ...{ number: 7, placeholder: "city", name: "City", type: "number" },
    ...{ options: [], default: 5, adminOnly: false },
  });
  expect(completeField({ ...city, number: 2 }, 7).number).toBe(2);
});
