import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Configuration, readConfiguration, variableNames } from "./configuration.ts";

function configurationOf(environment: Record<string, string>): Configuration {
  const read = readConfiguration(environment);
  if (!read.ok) throw new Error(read.problems.join("\n"));
  return read.value;
}

function problemsOf(environment: Record<string, string>): string[] {
  const read = readConfiguration(environment);
  return read.ok ? [] : read.problems;
}

test("an empty environment gives a server on this machine with its own database and the sandbox", () => {
  expect(configurationOf({})).toEqual({
    port: 3000,
    host: "127.0.0.1",
    dataDir: "./data",
    databaseUrl: null,
    databasePool: 16,
    publicUrl: null,
    apiKey: null,
    secretKey: undefined,
    smtp: null,
    emailFrom: "Staffetta <no-reply@staffetta.localhost>",
    isEmailFromSet: false,
    allowPrivateNetworks: [],
    roles: new Set(["api", "engine", "sender"]),
    logLevel: "info",
    bodyLimitBytes: 5 * 1024 * 1024,
    rateLimitPerSecond: 20_000,
    failedKeysPerMinute: 20,
    trustProxy: false,
  });
});

test("empty variables count as absent, and spaces around values do not matter", () => {
  expect(configurationOf({ PORT: "", SMTP_URL: "  ", HOST: " 0.0.0.0 " })).toMatchObject({
    port: 3000,
    smtp: null,
    host: "0.0.0.0",
  });
});

test.each<[Record<string, string>, Partial<Configuration>]>([
  [{ PORT: "0" }, { port: 0 }],
  [{ PUBLIC_URL: "https://mail.example.com/" }, { publicUrl: "https://mail.example.com" }],
  [{ DATABASE_URL: "postgresql://u:p@db:5433/x" }, { databaseUrl: "postgresql://u:p@db:5433/x" }],
  [{ ALLOW_PRIVATE_NETWORKS: "10.0.0.0/8, ::1/128," }, { allowPrivateNetworks: ["10.0.0.0/8", "::1/128"] }],
  [{ EMAIL_FROM: "Shop <shop@example.com>" }, { emailFrom: "Shop <shop@example.com>", isEmailFromSet: true }],
  [{ TRUST_PROXY: "true" }, { trustProxy: true }],
  [{ ROLES: "api", DATABASE_URL: "postgres://db/x" }, { roles: new Set(["api"]) }],
  [{ STAFFETTA_SECRET_KEY: "a".repeat(64) }, { secretKey: "a".repeat(64) }],
])("reads %o", (environment, expected) => {
  expect(configurationOf(environment)).toMatchObject(expected);
});

test("an SMTP address becomes the settings of a relay", () => {
  expect(configurationOf({ SMTP_URL: "smtps://u:p@mail.example.com?connections=3" }).smtp).toMatchObject({
    host: "mail.example.com",
    port: 465,
    secure: "tls",
    maxConnections: 3,
  });
});

test.each([
  ["PORT", "http", "must be a whole number from 0 to 65535"],
  ["PORT", "70000", "must be a whole number from 0 to 65535"],
  ["PORT", "-1", "must be a whole number from 0 to 65535"],
  ["HOST", "http://x", "must be an address or a host name"],
  ["DATABASE_URL", "mysql://db/x", "must be an address such as postgres://"],
  ["DATABASE_URL", "db", "must be an address such as postgres://"],
  ["DATABASE_POOL", "1", "must be a whole number from 4 to 200"],
  ["PUBLIC_URL", "mail.example.com", "must be an address without a path"],
  ["PUBLIC_URL", "https://example.com/staffetta", "must be an address without a path"],
  ["STAFFETTA_API_KEY", "short", "must be 16 to 200 visible ASCII characters"],
  ["STAFFETTA_API_KEY", "with a space in the middle", "must be 16 to 200 visible ASCII characters"],
  ["STAFFETTA_SECRET_KEY", "abc", "must hold 32 bytes"],
  ["SMTP_URL", "http://mail", "must start with smtp:// or smtps://"],
  ["SMTP_URL", "smtp://mail?what=1", 'has the unknown option "what"'],
  ["EMAIL_FROM", "nobody", "must be a sender such as"],
  ["ALLOW_PRIVATE_NETWORKS", "10.0.0.0/8,ten", 'must be a comma-separated list of ranges: "ten"'],
  ["ROLES", "api,engin", "must be a comma-separated list of api, engine, sender"],
  ["ROLES", ",", "must be a comma-separated list of api, engine, sender"],
  ["LOG_LEVEL", "loud", "must be one of fatal, error"],
  ["BODY_LIMIT_BYTES", "1e6", "must be a whole number"],
  ["RATE_LIMIT_PER_SECOND", "0", "must be a whole number from 1"],
  ["FAILED_KEYS_PER_MINUTE", "0", "must be a whole number from 1"],
  ["TRUST_PROXY", "yes", "must be true or false"],
])("refuses %s=%s in one sentence that names it", (name, value, rule) => {
  const [problem, ...more] = problemsOf({ [name]: value });
  expect(problem?.startsWith(`${name} ${rule}`)).toBe(true);
  expect(problem).toMatch(/\.$/);
  expect(more).toEqual([]);
});

test("names all wrong variables at once", () => {
  const problems = problemsOf({ PORT: "x", ROLES: "x", SMTP_URL: "x" });
  expect(problems.map((problem) => problem.split(" ")[0])).toEqual(["PORT", "SMTP_URL", "ROLES"]);
});

test("part of the roles needs a database that others can reach", () => {
  expect(problemsOf({ ROLES: "api,engine" })).toEqual([
    "ROLES must be all of api, engine, sender unless DATABASE_URL is set: nobody else can reach the embedded database.",
  ]);
});

test("never repeats a value, which may be a password", () => {
  const secret = "hunter2hunter2";
  const problems = problemsOf({ DATABASE_URL: `mysql://u:${secret}@db/x`, SMTP_URL: `http://u:${secret}@mail` });
  expect(problems).toHaveLength(2);
  expect(problems.join()).not.toContain(secret);
});

test("every variable stands in the reference", () => {
  const page = readFileSync(new URL("../../docs/reference/configuration.md", import.meta.url), "utf8");
  expect(variableNames.filter((name) => !new RegExp(`^\\| \`${name}\` +\\|`, "m").test(page))).toEqual([]);
});
