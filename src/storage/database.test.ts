import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { booleanArray, type Queryable, timestampArray } from "./database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function read(query: string): Promise<unknown> {
  const [row] = await database.sql.unsafe(query);
  return row?.["value"];
}

test.each([
  ["bigint as a number", "select 9007199254740991::bigint as value", 9007199254740991],
  ["bigint arrays as numbers", "select array[1, 2]::bigint[] as value", [1, 2]],
  ["count as a number", "select count(*) as value from (values (1), (2)) as rows", 2],
  ["timestamptz as a Date", "select timestamptz '2026-03-01 10:00:00+02' as value", new Date("2026-03-01T08:00:00Z")],
  ["date as text", "select date '2026-03-01' as value", "2026-03-01"],
  ["jsonb parsed", `select '{"a": [1, null]}'::jsonb as value`, { a: [1, null] }],
  ["a JSON null as null", "select 'null'::jsonb as value", null],
  ["the session's time zone as UTC", "select current_setting('timezone') as value", "UTC"],
])("reads %s", async (_, query, expected) => {
  expect(await read(query)).toEqual(expected);
});

test("takes arrays of every column type of a batch, whatever comes first", async () => {
  const { sql } = database;
  const now = new Date("2026-03-01T10:00:00Z");
  const body = { type: "x", value: `"'\\{}` };
  const rows = await sql`
    select id, size, at, flag, body::jsonb as body
      from unnest(
        ${[7, null]}::bigint[], ${[1, 2]}::smallint[], ${timestampArray(sql, [now, null])}::timestamptz[],
        ${booleanArray(sql, [true, null])}::boolean[], ${[JSON.stringify(body), null]}::text[]
      ) as batch (id, size, at, flag, body)`;
  expect(rows).toEqual([
    { id: 7, size: 1, at: now, flag: true, body },
    { id: null, size: 2, at: null, flag: null, body: null },
  ]);
});

test.each([[[null, new Date(0)]], [[]]])("takes the instants %j", async (values) => {
  const { sql } = database;
  const rows = await sql.begin(
    (inside) => inside`select unnest(${timestampArray(inside, values)}::timestamptz[]) as at`,
  );
  expect(rows.map(({ at }) => at)).toEqual(values);
});

test("takes any JSON as a parameter", async () => {
  const value = [true, { text: `"quoted"`, none: null }];
  expect(await database.sql`select ${database.sql.json(value)}::jsonb as value`).toEqual([{ value }]);
});

test("lets a query function take the pool or a transaction", async () => {
  const one = (sql: Queryable) => sql<{ one: number }[]>`select 1 as one`;
  const inside = await database.sql.begin((transaction) => one(transaction));
  expect([...inside, ...(await one(database.sql))]).toEqual([{ one: 1 }, { one: 1 }]);
});

test("names itself to the server", async () => {
  expect(await read("select current_setting('application_name') as value")).toBe("test");
});
