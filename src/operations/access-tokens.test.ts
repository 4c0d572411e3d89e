import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { createTestPlatform, type TestPlatform } from "../testing/platform.ts";
import { accessTokenSeconds, issueAccessToken, openSession } from "./access-tokens.ts";
import { createApiKey, revokeApiKey } from "./api-keys.ts";
import { authenticate } from "./authenticate.ts";

let database: TestDatabase;
let platform: TestPlatform;
beforeAll(async () => {
  database = await createTestDatabase();
  platform = await createTestPlatform(database.sql);
});
afterAll(() => database.drop());

const start = new Date("2026-03-01T10:00:00Z").getTime();
const at = (seconds: number) => platform.setNow(new Date(start + seconds * 1000));

async function createCaller() {
  at(0);
  const made = await createApiKey(platform, platform.caller, { name: "Shop", scopes: ["events:write"] });
  const caller = await authenticate(platform, made.key);
  if (!caller) throw new Error("The new key is not known.");
  return { ...made, caller };
}

test("an access token stands for its key for an hour, and no longer", async () => {
  const { caller } = await createCaller();
  const token = issueAccessToken(platform, caller);
  expect(await authenticate(platform, token)).toEqual(caller);
  at(accessTokenSeconds - 1);
  expect(await authenticate(platform, token)).toEqual(caller);
  at(accessTokenSeconds);
  expect(await authenticate(platform, token)).toBeNull();
});

test("an access token and a session key end with their key, within five seconds", async () => {
  const { id, key, caller } = await createCaller();
  const presented = [issueAccessToken(platform, caller), await openSession(platform, caller, key)];
  for (const text of presented) expect(await authenticate(platform, text)).toEqual(caller);
  await revokeApiKey(platform, platform.caller, { id });
  at(5);
  for (const text of presented) expect(await authenticate(platform, text)).toBeNull();
});

test("a session key is 40 hex digits, the same at each log-in, and not stored", async () => {
  const { key, caller } = await createCaller();
  const session = await openSession(platform, caller, key);
  expect(session).toMatch(/^[0-9a-f]{40}$/);
  expect(await openSession(platform, caller, key)).toBe(session);
  expect(JSON.stringify(await database.sql`select *, encode(authkey_hash, 'hex') from api_key`)).not.toContain(session);
});

test("a token that was changed, or that is none, is nobody's", async () => {
  const { caller } = await createCaller();
  const token = issueAccessToken(platform, caller);
  const changed = token.slice(0, -2) + (token.endsWith("AA") ? "BB" : "AA");
  for (const text of [changed, "sta_", "sta_%%%", "sta_AAAA", "0".repeat(40)])
    expect(await authenticate(platform, text), text).toBeNull();
});
