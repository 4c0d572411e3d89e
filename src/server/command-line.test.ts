import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { createEmptyDatabase } from "../testing/database.ts";
import { runCommandLine } from "./command-line.ts";
import { version } from "./version.ts";

const names = ["start", "demo", "migrate", "doctor", "simulate", "export", "import", "key"];

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs a command in this process, and returns what it printed. */
async function run(words: string[], environment: Record<string, string> = {}) {
  for (const [name, value] of Object.entries({
    DATABASE_URL: "",
    STAFFETTA_URL: "",
    STAFFETTA_API_KEY: "",
    ...environment,
  }))
    vi.stubEnv(name, value);
  const printed = { out: "", err: "" };
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    printed.err += String(text);
    return true;
  });
  const code = await runCommandLine(words).finally(() => vi.restoreAllMocks());
  return { code, ...printed };
}

test.each([[[]], [["help"]], [["--help"]], [["-h"]]])("%j lists the commands", async (words) => {
  const { code, out } = await run(words);
  expect(code).toBe(0);
  for (const name of names) expect(out).toMatch(new RegExp(`^ {2}${name} +\\S`, "m"));
});

test.each(names)("%s --help says what it does, and does nothing", async (name) => {
  const { code, out } = await run([name, "--help"]);
  expect(code).toBe(0);
  expect(out.startsWith(`staffetta ${name}: `)).toBe(true);
});

test("tells its version", async () => {
  expect(await run(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
});

test.each([
  [
    ["strat"],
    'There is no command "strat"; there are start, demo, migrate, doctor, simulate, export, import, key (staffetta --help).',
  ],
  [
    ["toString"],
    'There is no command "toString"; there are start, demo, migrate, doctor, simulate, export, import, key (staffetta --help).',
  ],
  [["start", "--port", "1"], "Unknown option '--port' (staffetta start --help)."],
  [["start", "now"], "Unexpected argument 'now'"],
  [["key"], "Say what to do with keys: create, list or revoke (staffetta key --help)."],
  [["key", "create"], "Give the key a name of 1 to 200 characters: --name shop."],
  [["key", "create", "--name", "x", "--scopes", "all"], 'There is no scope "all"'],
  [["key", "revoke", "x"], "Name the key by its id, as staffetta key list shows it."],
  [["key", "list", "a", "b"], "There is one word too many: b."],
])("%j is refused with one sentence and code 2", async (words, sentence) => {
  const { code, out, err } = await run(words);
  expect(code).toBe(2);
  expect(out).toBe("");
  expect(err.startsWith(sentence)).toBe(true);
  expect(err.trimEnd().split("\n")).toHaveLength(1);
});

test("a wrong variable stops every command that needs the settings, with code 1", async () => {
  for (const words of [["start"], ["migrate"], ["doctor"], ["key", "list"]]) {
    expect(await run(words, { PORT: "many" })).toEqual({
      code: 1,
      out: "",
      err: "PORT must be a whole number from 0 to 65535.\n",
    });
  }
});

test("migrates an empty database, and then finds nothing to do", async () => {
  const database = await createEmptyDatabase();
  const first = await run(["migrate"], { DATABASE_URL: database.url });
  expect(first.out).toMatch(/^Applied 0001_foundation/);
  const second = await run(["migrate"], { DATABASE_URL: database.url });
  expect(second).toEqual({ code: 0, out: "The schema is up to date.\n", err: "" });
  await database.drop();
});

test("a key is shown once when it is made, listed by its hint, and revoked by its id", async () => {
  const database = await createEmptyDatabase();
  const environment = { DATABASE_URL: database.url };
  const made = await run(["key", "create", "--name", "shop", "--scopes", "events:write"], environment);
  const key = made.out.trim();
  expect(key).toMatch(/^stk_[\w-]{43}$/);
  const listed = await run(["key", "list"], environment);
  expect(listed.out).toMatch(/shop {2}events:write/);
  expect(listed.out).not.toContain(key);
  const id = listed.out.split(" ")[0] ?? "";
  expect((await run(["key", "revoke", id], environment)).code).toBe(0);
  expect((await run(["key", "list"], environment)).out).toContain("revoked");
  const unknown = await run(["key", "revoke", "0197a000-0000-7000-8000-000000000001"], environment);
  expect(unknown).toMatchObject({ code: 1, out: "" });
  await database.drop();
});

test("the doctor is content with a migrated database, and says what to do about one that is not there", async () => {
  const database = await createEmptyDatabase();
  const folder = await mkdtemp(join(tmpdir(), "staffetta-doctor-"));
  const environment = { DATABASE_URL: database.url, DATA_DIR: join(folder, "data") };
  const before = await run(["doctor"], environment);
  expect(before.out).toMatch(/^warn {2}The schema lacks 0001_foundation.*\n {6}A start applies it/m);
  await run(["migrate"], environment);
  const after = await run(["doctor"], environment);
  expect(after.code).toBe(0);
  expect(after.out).not.toMatch(/^(warn|fail)/m);
  const away = await run(["doctor"], { ...environment, DATABASE_URL: "postgres://u:p@127.0.0.1:1/x" });
  expect(away.code).toBe(1);
  expect(away.out).toMatch(/^fail {2}The database at 127\.0\.0\.1:1 cannot be used.*\n {6}Check DATABASE_URL/m);
  await rm(folder, { recursive: true, force: true });
  await database.drop();
});
