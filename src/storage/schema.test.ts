import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEmptyDatabase, type TestDatabase } from "../testing/database.ts";
import { describeSchema } from "../testing/describe-schema.ts";
import { migrate } from "./migrate.ts";

const file = new URL("./schema.sql", import.meta.url);
const heading =
  "-- The schema that the migrations make, for reading. Made by: UPDATE_SCHEMA=1 npx vitest run src/storage/schema.test.ts\n\n";

let database: TestDatabase;

beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database.drop());

test("schema.sql says what the migrations make", async () => {
  await migrate(database.sql);
  const made = heading + (await describeSchema(database.sql));
  if (process.env["UPDATE_SCHEMA"]) await writeFile(file, made);
  expect(await readFile(file, "utf8"), "run it with UPDATE_SCHEMA=1 and commit the file").toBe(made);
});
