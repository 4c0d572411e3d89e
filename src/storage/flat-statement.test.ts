import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { flatStatement } from "./flat-statement.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A statement with fragments in fragments, values before, in and behind them, and raw text. */
function nested(values: [string, number, string]) {
  const { sql } = database;
  const inner = sql`${values[1]}::int ${sql.unsafe("+ 1")}`;
  const middle = sql`(select ${inner} as n, ${values[2]}::text as behind)`;
  return sql`select ${values[0]}::text as before, n, behind from ${middle} as m ${sql``}`;
}

const run = (shape: string, values: [string, number, string], given: readonly unknown[] = values) =>
  flatStatement(database.sql, shape, { parts: () => nested(values), values: given });

test("answers as the statement put together anew would, the first time and with other values", async () => {
  expect([...(await run("same", ["a", 1, "c"]))]).toEqual([{ before: "a", n: 2, behind: "c" }]);
  expect([...(await run("same", ["$1' {x}", 41, "\\"]))]).toEqual([{ before: "$1' {x}", n: 42, behind: "\\" }]);
  expect([...(await nested(["a", 1, "c"]))]).toEqual([...(await run("same", ["a", 1, "c"]))]);
});

test("works in a transaction", async () => {
  const rows = await database.sql.begin((sql) =>
    flatStatement(sql, "in a transaction", { parts: () => sql`select ${1}::int as n`, values: [1] }),
  );
  expect([...rows]).toEqual([{ n: 1 }]);
});

test.each([
  ["in another order", [1, "a", "c"]],
  ["too few", ["a", 1]],
  ["too many", ["a", 1, "c", 2]],
])("refuses values that are %s than those of the parts", (_how, values) => {
  expect(() => run("other values", ["a", 1, "c"], values)).toThrow("not those of its parts");
});
