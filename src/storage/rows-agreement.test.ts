import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json } from "../core/json.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { recordset } from "./rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const text = fc.oneof(
  fc.constantFrom("", " ", "null", "NULL", "\\N", `"{},'\\`, "\n\r\t", "$1", "\u2028", "à😀"),
  fc
    .string({ unit: "grapheme" })
    .filter((value) => !["\0", "\x1d", "\x1e", "\x1f"].some((separator) => value.includes(separator))),
);
const scalar: fc.Arbitrary<Json> = fc.oneof(text, fc.integer(), fc.boolean());
const json: fc.Arbitrary<Json> = fc.oneof(
  scalar,
  fc.array(fc.oneof(scalar, fc.constant(null)), { maxLength: 3 }),
  fc.dictionary(text, scalar, { maxKeys: 3, noNullPrototype: true }),
);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 4 });
const row = fc.record({
  label: maybe(text),
  count: maybe(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  flag: maybe(fc.boolean()),
  at: maybe(
    fc.date({ min: new Date("1970-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true }),
  ),
  body: maybe(json),
});

test("what goes in as a batch of rows comes out as it was, in its order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
      const shape = "label text, count integer, flag boolean, at timestamptz, body jsonb";
      const found = await database.sql`select * from ${recordset(database.sql, rows, shape)} as r`;
      expect([...found]).toEqual(rows);
    }),
    { numRuns: 200 },
  );
});

test("a batch of one column keeps every row, empty ones too", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ label: maybe(text) }), { maxLength: 5 }), async (rows) => {
      const found = await database.sql`select * from ${recordset(database.sql, rows, "label text")} as r`;
      expect([...found]).toEqual(rows);
    }),
    { numRuns: 100 },
  );
});

test("text cannot break out of its field: what separates fields becomes a space, in JSON it stays", async () => {
  const given = { label: "a\x1fb\x1ec\x1dd\0e\ud800f", body: { key: "a\x1fb\0c" } };
  const [found] = await database.sql`select * from ${recordset(database.sql, [given], "label text, body jsonb")} as r`;
  expect(found).toEqual({ label: "a b c d e f", body: { key: "a\x1fbc" } });
});
