import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { createEmptyDatabase, type TestDatabase } from "../testing/database.ts";
import { closeDatabase, connect } from "./database.ts";
import { findPending, migrate } from "./migrate.ts";

let database: TestDatabase;

beforeEach(async () => {
  database = await createEmptyDatabase();
});
afterEach(() => database.drop());
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const folders: string[] = [];

async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "staffetta-migrations-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

const first = { "0001_dogs.sql": "create table dog (name text); insert into dog values ('Argo');" };
const second = { "0002_cats.sql": "create table cat (name text);" };

test("applies the files in order and returns their names", async () => {
  const folder = await folderOf({ ...second, ...first });
  expect(await migrate(database.sql, folder)).toEqual(["0001_dogs", "0002_cats"]);
});

test("applies nothing twice", async () => {
  const folder = await folderOf(first);
  await migrate(database.sql, folder);
  expect(await migrate(database.sql, folder)).toEqual([]);
  expect(await database.sql`select name from dog`).toHaveLength(1);
});

test("applies only what is new", async () => {
  await migrate(database.sql, await folderOf(first));
  expect(await migrate(database.sql, await folderOf({ ...first, ...second }))).toEqual(["0002_cats"]);
});

test("leaves nothing of a file that fails, and keeps the ones before it", async () => {
  const folder = await folderOf({ ...first, "0002_bad.sql": "create table half (id int); select 1 / 0;" });
  await expect(migrate(database.sql, folder)).rejects.toThrow("The migration 0002_bad failed: division by zero");
  expect(await database.sql`select to_regclass('half') as half, to_regclass('dog') is not null as dog`).toEqual([
    { half: null, dog: true },
  ]);
});

test("goes on after a failed file was put right", async () => {
  await migrate(database.sql, await folderOf({ ...first, "0002_cats.sql": "nonsense" })).catch(() => undefined);
  expect(await migrate(database.sql, await folderOf({ ...first, ...second }))).toEqual(["0002_cats"]);
});

test("refuses a database that is newer than the program", async () => {
  await migrate(database.sql, await folderOf({ ...first, ...second }));
  await expect(migrate(database.sql, await folderOf(first))).rejects.toThrow(
    "The database is newer than this program (it has migration 0002_cats); start a newer Staffetta.",
  );
});

test("refuses an applied file that was changed", async () => {
  await migrate(database.sql, await folderOf(first));
  const changed = await folderOf({ "0001_dogs.sql": "create table dog (name text, age int);" });
  await expect(migrate(database.sql, changed)).rejects.toThrow("0001_dogs was changed after it was applied");
});

test("takes a file with other line ends for the same file", async () => {
  await migrate(database.sql, await folderOf({ "0001_dogs.sql": "create table dog (\nname text);\n" }));
  expect(
    await migrate(database.sql, await folderOf({ "0001_dogs.sql": "create table dog (\r\nname text);\r\n" })),
  ).toEqual([]);
});

test("refuses a file whose name has no number", async () => {
  const folder = await folderOf({ "dogs.sql": "select 1" });
  await expect(migrate(database.sql, folder)).rejects.toThrow("dogs.sql is not named like");
});

test("lets only one of two processes migrate at a time", async () => {
  const other = connect(database.url, { max: 1, applicationName: "other" });
  const folder = await folderOf({ ...first, ...second });
  const names = await Promise.all([migrate(database.sql, folder), migrate(other, folder)]);
  await closeDatabase(other);
  expect(names.flat().sort()).toEqual(["0001_dogs", "0002_cats"]);
});

test("gives its connection back", async () => {
  const single = connect(database.url, { max: 1, applicationName: "single" });
  await migrate(single, await folderOf(first));
  expect(await single`select 1 as one`).toEqual([{ one: 1 }]);
  await closeDatabase(single);
});

test("says what is pending without applying it", async () => {
  const folder = await folderOf({ ...first, ...second });
  expect(await findPending(database.sql, folder)).toEqual(["0001_dogs", "0002_cats"]);
  await migrate(database.sql, await folderOf(first));
  expect(await findPending(database.sql, folder)).toEqual(["0002_cats"]);
});
