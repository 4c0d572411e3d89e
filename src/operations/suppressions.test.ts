import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { countAllSuppressions, listSuppressions, suppressAddresses, unsuppressAddresses } from "./suppressions.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const suppress = (address: string, reason = "manual") =>
  suppressAddresses(platform, platform.caller, { emails: [address], reason, source: "test" });
const all = { offset: 0, limit: 10 };

test("addresses are suppressed once, listed by pages and parts, counted, and set free", async () => {
  await suppress("Bob@Example.com", "bounce");
  await suppress("bob@example.com");
  await suppress("ada@other.example");
  expect(await listSuppressions(platform, platform.caller, all)).toMatchObject([
    { address: "ada@other.example", reason: "manual", source: "test" },
    { address: "bob@example.com", reason: "bounce" },
  ]);
  expect(await listSuppressions(platform, platform.caller, { offset: 1, limit: 1 })).toMatchObject([
    { address: "bob@example.com" },
  ]);
  const part = { part: "OTHER" };
  expect(await listSuppressions(platform, platform.caller, { ...all, ...part })).toHaveLength(1);
  expect(await countAllSuppressions(platform, platform.caller, {})).toBe(2);
  expect(await countAllSuppressions(platform, platform.caller, part)).toBe(1);
  const release = (email: string) => unsuppressAddresses(platform, platform.caller, { emails: [email] });
  expect(await release("BOB@example.com")).toEqual(["bob@example.com"]);
  expect(await release("bob@example.com")).toEqual([]);
});

test.each([
  ["nobody", "manual", "emails[0]"],
  ["a@b.example", "two words", "reason"],
  ["a@b.example", "", "reason"],
])("refuses %j with the reason %j", async (address, reason, path) => {
  await expect(suppress(address, reason)).rejects.toMatchObject({ issues: [{ path }] });
});

test("another workspace has its own", async () => {
  await suppress("mine@example.com");
  const stranger = { ...platform.caller, workspaceId: await createTestWorkspace(database.sql) };
  expect(await listSuppressions(platform, stranger, all)).toEqual([]);
  expect(await unsuppressAddresses(platform, stranger, { emails: ["mine@example.com"] })).toEqual([]);
});
