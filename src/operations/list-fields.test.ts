import { afterAll, beforeAll, expect, test } from "vitest";
import type { ListFieldInput } from "../core/list-field.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { addListField, changeListField, getListField, removeListField } from "./list-fields.ts";
import { createList, getList, updateList } from "./lists.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const city: ListFieldInput = { placeholder: "city", name: "City", type: "text" };
const age: ListFieldInput = { placeholder: "age", name: "Age", type: "number", default: "18" };
const create = (name: string, fields: ListFieldInput[]) => createList(platform, platform.caller, { name, fields });

test("fields get numbers that no other field has, and keep them when the list changes", async () => {
  const [one, two] = [await create("One", [city, age]), await create("Two", [city])];
  const numbers = [...one.fields, ...two.fields].map(({ number }) => number);
  expect(new Set(numbers).size).toBe(3);
  expect(one.fields[1]).toEqual({ ...age, number: numbers[1], default: 18, options: [], adminOnly: false });
  const fields = [
    { ...age, number: numbers[1] as number },
    { ...city, placeholder: "town" },
  ];
  const changed = await updateList(platform, platform.caller, { id: one.id, fields });
  expect(changed.fields.map(({ placeholder, number }) => [placeholder, number])).toEqual([
    ["age", numbers[1]],
    ["town", expect.any(Number)],
  ]);
  expect((await getList(platform, platform.caller, { id: one.id })).fields).toEqual(changed.fields);
  expect(numbers).not.toContain(changed.fields[1]?.number);
});

test("refuses fields that break a rule, with every one named, and keeps none", async () => {
  const bad = [{ ...city, placeholder: "1" }, age, { ...age, name: "" }] as ListFieldInput[];
  await expect(create("Bad", bad)).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "fields[0].placeholder" }, { path: "fields[2].name" }],
  });
  const { id } = await create("Bad", [city]);
  const foreign = await create("Foreign", [city]);
  const taken = [{ ...age, number: foreign.fields[0]?.number }] as ListFieldInput[];
  await expect(updateList(platform, platform.caller, { id, fields: taken })).rejects.toMatchObject({
    issues: [{ path: "fields[0].number" }],
  });
});

test("a field is added, read, changed and removed by its number", async () => {
  const { id } = await create("Fields", [city]);
  const { field } = await addListField(platform, platform.caller, { listId: id, field: age });
  await expect(addListField(platform, platform.caller, { listId: id, field: age })).rejects.toMatchObject({
    issues: [{ path: "fields[2].placeholder" }],
  });
  const { number } = field;
  expect(await getListField(platform, platform.caller, { number })).toMatchObject({ list: { id }, field });
  const changed = await changeListField(platform, platform.caller, { number, change: { name: "Years" } });
  expect(changed.field).toEqual({ ...field, name: "Years" });
  await removeListField(platform, platform.caller, { number });
  await expect(getListField(platform, platform.caller, { number })).rejects.toMatchObject({
    code: "list_field_not_found",
  });
  expect((await getList(platform, platform.caller, { id })).fields).toMatchObject([city]);
});

test("the fields of another workspace are not there", async () => {
  const { fields } = await create("Ours", [city]);
  const stranger = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  const ref = { number: fields[0]?.number as number };
  await expect(getListField(platform, stranger, ref)).rejects.toMatchObject({ code: "list_field_not_found" });
  await expect(removeListField(platform, stranger, ref)).rejects.toMatchObject({ code: "list_field_not_found" });
});
