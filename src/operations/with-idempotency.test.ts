import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "../core/errors.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { createList, listLists } from "./lists.ts";
import type { Platform } from "./platform.ts";
import { upsertContact } from "./upsert-contact.ts";
import { withIdempotency } from "./with-idempotency.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const hash = "ab".repeat(32);
const request = (key: string, changes: { hash?: string } = {}) => ({
  workspaceId: platform.workspaceId,
  operation: "lists.create",
  key,
  hash,
  ...changes,
});
const making = (name: string) => async (inside: Platform) => ({
  status: 201,
  response: await createList(inside, platform.caller, { name }),
});
const names = async () => (await listLists(platform, platform.caller, {})).data.map(({ name }) => name);

test("does the work once, and answers a repeat as the first time", async () => {
  const first = await withIdempotency(platform, request("a"), making("Once"));
  expect(first).toMatchObject({ status: 201, replayed: false, response: { name: "Once" } });
  const again = await withIdempotency(platform, request("a"), () => Promise.reject(new Error("not again")));
  expect(again).toEqual({ status: 201, replayed: true, response: JSON.parse(JSON.stringify(first.response)) });
});

test("refuses the key for another body", async () => {
  await withIdempotency(platform, request("b"), making("Body"));
  await expect(
    withIdempotency(platform, request("b", { hash: "cd".repeat(32) }), making("Other")),
  ).rejects.toMatchObject({ code: "idempotency_key_reused" });
  expect(await names()).not.toContain("Other");
});

test("repeats that come together do the work once, and all get its answer", async () => {
  const answers = await Promise.all(
    [1, 2, 3, 4].map(() => withIdempotency(platform, request("c"), making("Together"))),
  );
  expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
  for (const { status, response } of answers)
    expect({ status, response }).toMatchObject({ status: 201, response: { name: "Together" } });
});

test("work that fails is not remembered, and leaves nothing", async () => {
  const failing = async (inside: Platform) => {
    await making("Half")(inside);
    throw new AppError("invalid_state");
  };
  await expect(withIdempotency(platform, request("d"), failing)).rejects.toMatchObject({ code: "invalid_state" });
  expect(await names()).not.toContain("Half");
  expect(await withIdempotency(platform, request("d"), making("Whole"))).toMatchObject({ replayed: false });
});

test("operations with transactions of their own become part of the one commit, and signals wait for it", async () => {
  platform.signalled.length = 0;
  const act = async (inside: Platform) => {
    const { contact } = await upsertContact(inside, platform.caller, { email: "inside@example.com" });
    inside.signal([7]);
    expect(platform.signalled).toEqual([]);
    expect(await database.sql`select 1 from contact where id = ${contact.id}`).toHaveLength(0);
    return { status: 200, response: contact };
  };
  const { response } = await withIdempotency(platform, request("e"), act);
  expect(await database.sql`select 1 from contact where id = ${(response as { id: string }).id}`).toHaveLength(1);
  expect(platform.signalled).toEqual([7]);
});
