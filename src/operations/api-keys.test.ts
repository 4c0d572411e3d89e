import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, createTestWorkspace, type TestPlatform } from "../testing/platform.ts";
import { createApiKey, listApiKeys, makeApiKey, revokeApiKey } from "./api-keys.ts";
import { authenticate } from "./authenticate.ts";
import { ensureApiKey, ensureWorkspace } from "./ensure-workspace.ts";
import { newId } from "./new-id.ts";
import { scopes } from "./platform.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const start = new Date("2026-03-01T10:00:00Z").getTime();
const at = (seconds: number) => platform.setNow(new Date(start + seconds * 1000));
const create = (name: string, ...of: string[]) => createApiKey(platform, platform.caller, { name, scopes: of });

test("a key is shown once, kept as a hash, and says who calls", async () => {
  const made = await create(" Shop ", "events:write");
  expect(made).toMatchObject({ name: "Shop", scopes: ["events:write"], lastUsedAt: null, revokedAt: null });
  expect(made.key).toMatch(/^stk_[\w-]{43}$/);
  expect(made.key.startsWith(made.hint.slice(0, -1))).toBe(true);
  const stored = JSON.stringify(await database.sql`select * from api_key`);
  expect(stored).not.toContain(made.key.slice(8));
  expect(JSON.stringify(await listApiKeys(platform, platform.caller))).not.toContain(made.key.slice(8));
  expect(await authenticate(platform, made.key)).toEqual({
    workspaceId: platform.workspaceId,
    keyId: made.id,
    name: "Shop",
    scopes: new Set(["events:write"]),
  });
});

test.each(["", "stk_unknown", "x".repeat(10_000), "a\0b"])("nobody presents %j", async (key) => {
  expect(await authenticate(platform, key)).toBeNull();
});

test("a revoked key ends within five seconds, for ever", async () => {
  at(0);
  const { id, key } = await create("Short", "events:write");
  expect(await authenticate(platform, key)).not.toBeNull();
  expect(await revokeApiKey(platform, platform.caller, { id })).toEqual({ id });
  at(5);
  expect(await authenticate(platform, key)).toBeNull();
  await revokeApiKey(platform, platform.caller, { id });
  expect((await listApiKeys(platform, platform.caller)).data.find((view) => view.id === id)?.revokedAt).toEqual(
    new Date(start),
  );
});

test("last use is noted at most once a minute, for all keys used since", async () => {
  const [one, two] = [await create("One", "events:read"), await create("Two", "events:read")];
  const lastUse = async () =>
    (await listApiKeys(platform, platform.caller)).data
      .filter(({ id }) => id === one.id || id === two.id)
      .map(({ lastUsedAt }) => lastUsedAt);
  at(120);
  await authenticate(platform, one.key);
  expect(await lastUse()).toEqual([platform.now(), null]);
  at(150);
  await authenticate(platform, two.key);
  expect((await lastUse())[1]).toBeNull();
  at(181);
  await authenticate(platform, one.key);
  expect(await lastUse()).toEqual([platform.now(), platform.now()]);
});

test("nobody gives away a scope that they lack", async () => {
  const limited = { ...platform.caller, scopes: new Set(["keys:write", "events:write"]) };
  await expect(
    createApiKey(platform, limited, { name: "More", scopes: ["events:write", "contacts:read"] }),
  ).rejects.toMatchObject({ code: "forbidden", detail: { scope: "contacts:read" } });
});

test.each([
  [{ name: " ", scopes: ["events:write"] }, "name"],
  [{ name: "x", scopes: [] }, "scopes"],
  [{ name: "x", scopes: ["events:write", "root"] }, "scopes[1]"],
])("refuses %j", async (input, path) => {
  await expect(createApiKey(platform, platform.caller, input)).rejects.toMatchObject({
    code: "invalid_request",
    issues: [expect.objectContaining({ path })],
  });
});

test("a key of another workspace cannot be revoked, and one that is not there neither", async () => {
  const workspaceId = await createTestWorkspace(database.sql);
  const foreign = await makeApiKey(database.sql, {
    workspaceId,
    name: "Foreign",
    scopes: ["events:write"],
    now: platform.now(),
  });
  for (const id of [foreign.id, newId(), "x"])
    await expect(revokeApiKey(platform, platform.caller, { id })).rejects.toMatchObject({ code: "api_key_not_found" });
});

test("the first workspace is made once, however many start at the same time", async () => {
  const empty = await createTestDatabase();
  const ids = await Promise.all([1, 2, 3].map(() => ensureWorkspace(empty.sql, platform.now())));
  expect(new Set(ids).size).toBe(1);
  expect([...(await empty.sql`select name from workspace`)]).toEqual([{ name: "Default" }]);
  await empty.drop();
});

test("a given key has all scopes, and stays revoked once it was", async () => {
  const { workspaceId, caller } = platform;
  const ensure = () => ensureApiKey(database.sql, { key: "given-by-the-operator", workspaceId, now: platform.now() });
  await ensure();
  await database.sql`update api_key set scopes = '{events:read}' where name = 'STAFFETTA_API_KEY'`;
  await ensure();
  const known = await authenticate(platform, "given-by-the-operator");
  expect(known?.scopes).toEqual(new Set(scopes));
  await revokeApiKey(platform, caller, { id: known?.keyId ?? "" });
  await ensure();
  at(300);
  expect(await authenticate(platform, "given-by-the-operator")).toBeNull();
});
