import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { getContact } from "./get-contact.ts";
import { listMembers, setMembership } from "./list-members.ts";
import { createList, deleteList, getList, listLists, updateList } from "./lists.ts";
import { newId } from "./new-id.ts";
import { upsertContact } from "./upsert-contact.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const create = (name: string) => createList(platform, platform.caller, { name });
const contact = async (externalId: string) =>
  (await upsertContact(platform, platform.caller, { externalId })).contact.id;

test("a list is made, changed and deleted; its name is taken once in a workspace", async () => {
  const list = await createList(platform, platform.caller, {
    name: " News ",
    description: "Monthly",
    fields: [{ placeholder: "city", name: "City", type: "text" }],
  });
  expect(list).toMatchObject({ name: "News", description: "Monthly", fields: [{ placeholder: "city" }] });
  await expect(create("News")).rejects.toMatchObject({ code: "list_exists" });
  expect(await updateList(platform, platform.caller, { id: list.id, description: "Weekly" })).toEqual({
    ...list,
    description: "Weekly",
  });
  const other = await create("Other");
  await expect(updateList(platform, platform.caller, { id: other.id, name: "News" })).rejects.toMatchObject({
    code: "list_exists",
  });
  expect(await deleteList(platform, platform.caller, { id: list.id })).toEqual({ id: list.id });
  await expect(getList(platform, platform.caller, { id: list.id })).rejects.toMatchObject({ code: "list_not_found" });
  expect((await create("News")).id).not.toBe(list.id);
});

test.each([[""], [" "], ["x".repeat(201)], ["a\0"]])("refuses the name %j", async (name) => {
  await expect(create(name)).rejects.toMatchObject({ code: "invalid_request", issues: [{ path: "name" }] });
});

test("members have a state, are counted by it, and come by pages", async () => {
  const { id: listId } = await create("Members");
  const ids = [await contact("m1"), await contact("m2"), await contact("m3")];
  for (const contactId of ids)
    await setMembership(platform, platform.caller, { listId, contactId, state: "subscribed" });
  await setMembership(platform, platform.caller, { listId, contactId: ids[0] ?? "", state: "unsubscribed" });
  expect((await getList(platform, platform.caller, { id: listId })).members).toEqual({
    subscribed: 2,
    unsubscribed: 1,
    unconfirmed: 0,
  });
  const page = await listMembers(platform, platform.caller, { listId, limit: 2 });
  expect(page.data).toMatchObject([
    { contactId: ids[2], state: "subscribed", contact: { externalId: "m3" } },
    { contactId: ids[1] },
  ]);
  expect(await listMembers(platform, platform.caller, { listId, limit: 2, cursor: page.nextCursor })).toMatchObject({
    data: [{ contactId: ids[0] }],
    nextCursor: null,
  });
  expect((await listMembers(platform, platform.caller, { listId, state: "unsubscribed" })).data).toHaveLength(1);
});

test("deleting a list leaves its members as contacts without it", async () => {
  const { id: listId } = await create("Leaving");
  const contactId = await contact("stays");
  await setMembership(platform, platform.caller, { listId, contactId, state: "subscribed" });
  await deleteList(platform, platform.caller, { id: listId });
  expect((await getContact(platform, platform.caller, { by: "id", value: contactId })).lists).toEqual([]);
});

test("a membership needs a list and a contact of the workspace", async () => {
  const { id: listId } = await create("Strict");
  const contactId = await contact("strict");
  const other = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  const state = "subscribed" as const;
  await expect(setMembership(platform, platform.caller, { listId: newId(), contactId, state })).rejects.toMatchObject({
    code: "list_not_found",
  });
  await expect(setMembership(platform, platform.caller, { listId, contactId: newId(), state })).rejects.toMatchObject({
    code: "contact_not_found",
  });
  await expect(setMembership(platform, other, { listId, contactId, state })).rejects.toMatchObject({
    code: "list_not_found",
  });
  await expect(listMembers(platform, other, { listId })).rejects.toMatchObject({ code: "list_not_found" });
  expect((await listLists(platform, other, {})).data).toEqual([]);
});
