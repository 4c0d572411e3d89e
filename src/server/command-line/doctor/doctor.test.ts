import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseSmtpUrl } from "../../../channels/email/settings.ts";
import { checkClock } from "./database.ts";
import { checkMachine, checkNode } from "./machine.ts";
import { checkMail } from "./mail.ts";
import { checkSecretKey } from "./secret-key.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "staffetta-doctor-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ["18.20.0", "fail"],
  ["20.18.3", "fail"],
  ["20.19.0", "ok"],
  ["22.1.0", "ok"],
])("Node.js %s is %s", (version, state) => {
  expect(checkNode(version).state).toBe(state);
});

test.each([
  [0, "ok"],
  [-4900, "ok"],
  [6000, "warn"],
  [-6000, "warn"],
])("a clock that differs by %i ms is %s", (skewMs, state) => {
  expect(checkClock(skewMs).state).toBe(state);
});

test("leaves nothing in the data folder, and does not make one", async () => {
  expect((await checkMachine({ dataDir: folder }))[1]).toMatchObject({ state: "ok" });
  await checkMachine({ dataDir: join(folder, "new") });
  expect(await readdir(folder)).toEqual([]);
});

test("a data folder that is a file fails, with advice", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  expect((await checkMachine({ dataDir: file }))[1]).toMatchObject({
    state: "fail",
    advice: expect.stringContaining("DATA_DIR"),
  });
  await rm(file);
});

test("a secret key that is broken fails; one that lies beside a shared database is a warning", async () => {
  const dataDir = join(folder, "keys");
  await mkdir(dataDir);
  const settings = { secretKey: undefined, dataDir, databaseUrl: null };
  expect(await checkSecretKey(settings)).toMatchObject([{ state: "ok" }]);
  await writeFile(join(dataDir, "secret.key"), "broken");
  expect(await checkSecretKey(settings)).toMatchObject([{ state: "fail" }]);
  await writeFile(join(dataDir, "secret.key"), "7".repeat(64));
  expect(await checkSecretKey(settings)).toMatchObject([{ state: "ok" }]);
  expect(await checkSecretKey({ ...settings, databaseUrl: "postgres://db/x" })).toMatchObject([{ state: "warn" }]);
  await rm(dataDir, { recursive: true });
});

test("a relay that is not there fails with its own words", async () => {
  const parsed = parseSmtpUrl("smtp://127.0.0.1:1");
  const smtp = parsed.ok ? parsed.value : null;
  const [relay, sender] = await checkMail({ smtp, emailFrom: "a@example.com", isEmailFromSet: false });
  expect(relay).toMatchObject({ state: "fail", advice: expect.stringContaining("SMTP_URL") });
  expect(sender).toMatchObject({ state: "warn", advice: expect.stringContaining("EMAIL_FROM") });
});
