import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSecretBox, loadSecretKey } from "./secret-box.ts";

const box = createSecretBox(Buffer.alloc(32, 7));
let dataDir = "";

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "staffetta-secret-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

test("what was sealed opens again, whatever the text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.string(),
      (text, context) => box.open(box.seal(text, context), context) === text,
    ),
  );
});

test("the same text never looks the same twice", () => {
  expect(box.seal("token", "w:a").equals(box.seal("token", "w:a"))).toBe(false);
});

test("the sealed form does not hold the text", () => {
  expect(box.seal("very-secret-token", "w:a").includes("very-secret-token")).toBe(false);
});

test("does not open in another place", () => {
  expect(() => box.open(box.seal("token", "w1:a"), "w2:a")).toThrow("w2:a cannot be opened with this key");
});

test("does not open with another key", () => {
  expect(() => createSecretBox(randomBytes(32)).open(box.seal("token", "w:a"), "w:a")).toThrow("cannot be opened");
});

test("does not open after any byte changed", () => {
  const sealed = box.seal("token", "w:a");
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(() => box.open(changed, "w:a")).toThrow();
  }
});

test.each([0, 1, 28])("refuses %i bytes as something sealed", (length) => {
  expect(() => box.open(Buffer.alloc(length, 1), "w:a")).toThrow("not a sealed secret");
});

test.each([0, 16, 31, 33])("refuses a key of %i bytes", (length) => {
  expect(() => createSecretBox(Buffer.alloc(length))).toThrow("must be 32 bytes long");
});

test("takes the configured key as hex or base64", async () => {
  const key = randomBytes(32);
  for (const configured of [
    key.toString("hex"),
    key.toString("base64"),
    key.toString("base64url"),
    ` ${key.toString("hex")}\n`,
  ]) {
    expect(await loadSecretKey({ configured, dataDir })).toEqual(key);
  }
  expect(await readdir(dataDir)).toEqual([]);
});

test.each(["short", "zz".repeat(32), "abc def", "a".repeat(63)])(
  "refuses %j as a configured key",
  async (configured) => {
    await expect(loadSecretKey({ configured, dataDir })).rejects.toThrow("STAFFETTA_SECRET_KEY must hold 32 bytes");
  },
);

test("makes a key file at first start that only its owner can read, and finds it again", async () => {
  const first = await loadSecretKey({ configured: undefined, dataDir: join(dataDir, "new") });
  const path = join(dataDir, "new", "secret.key");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await readFile(path, "utf8")).trim()).toBe(first.toString("hex"));
  expect(await loadSecretKey({ configured: undefined, dataDir: join(dataDir, "new") })).toEqual(first);
});

test("processes that start together agree on one key", async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadSecretKey({ configured: undefined, dataDir })));
  expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
  expect(await readdir(dataDir)).toEqual(["secret.key"]);
});

test("takes the rights of others from a key file", async () => {
  const path = join(dataDir, "secret.key");
  await writeFile(path, randomBytes(32).toString("hex"));
  await chmod(path, 0o644);
  await loadSecretKey({ configured: undefined, dataDir });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("refuses a key file that holds no key", async () => {
  await writeFile(join(dataDir, "secret.key"), "nothing");
  await expect(loadSecretKey({ configured: undefined, dataDir })).rejects.toThrow("secret.key must hold 32 bytes");
});
