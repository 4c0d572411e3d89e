import { expect, test } from "vitest";
import { readImportRow } from "./import-row.ts";
import { completeField } from "./list-field.ts";

const fields = [completeField({ placeholder: "total", name: "Total", type: "number" }, 1)];

test("identities and typed properties are read, and what is empty says nothing", () => {
  const row = { email: "ada@example.com", phone: 39333, total: "12.5", city: "", note: null, first_name: "Ada" };
  expect(readImportRow(row, fields)).toEqual({
    contact: { email: "ada@example.com", phone: "39333", properties: { total: 12.5, first_name: "Ada" } },
    issues: [],
  });
});

test("a row without an address, or with a value that fits no field, says so", () => {
  expect(readImportRow({ total: "many" }, fields).issues).toMatchObject([{ path: "email" }, { path: "total" }]);
});
