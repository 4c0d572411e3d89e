import { expect, test } from "vitest";
import { readConfiguration } from "../configuration.ts";
import { welcome } from "./welcome.ts";

function settingsOf(environment: Record<string, string>) {
  const read = readConfiguration(environment);
  if (!read.ok) throw new Error(read.problems.join());
  return read.value;
}

const facts = {
  url: "http://127.0.0.1:3000",
  firstKey: { key: "stk_x", source: "data/api-key" },
  sampleToken: "token",
};

test("shows the address, the key and where it is kept, and one line that fires the sample flow", () => {
  const text = welcome(facts, settingsOf({}));
  expect(text).toContain("is ready at http://127.0.0.1:3000\n");
  expect(text).toContain("stk_x  (kept in data/api-key)");
  expect(text).toMatch(/^ {2}curl -X POST http:\/\/127\.0\.0\.1:3000\/in\/token .* -d '\{.*\}'$/m);
});

test("never prints the key of the environment", () => {
  const text = welcome(
    { ...facts, firstKey: { key: "stk_secret_of_ours", source: "STAFFETTA_API_KEY" } },
    settingsOf({}),
  );
  expect(text).toContain("the one in STAFFETTA_API_KEY");
  expect(text).not.toContain("stk_secret_of_ours");
});

test("shows the public address when there is one", () => {
  const text = welcome(facts, settingsOf({ PUBLIC_URL: "https://mail.example.com" }));
  expect(text).toContain("is ready at https://mail.example.com\n");
  expect(text).toContain("curl -X POST https://mail.example.com/in/token");
});

test("says how to get a key when none is known, and leaves out a sample that is not there", () => {
  const text = welcome({ ...facts, firstKey: null, sampleToken: null }, settingsOf({}));
  expect(text).toContain("staffetta key create");
  expect(text).not.toContain("curl");
});

test("warns of the sender that nobody chose, once mails really go out", () => {
  const relay = { SMTP_URL: "smtp://mail.example.com" };
  expect(welcome(facts, settingsOf(relay))).toContain("by mail.example.com:587; set EMAIL_FROM");
  expect(welcome(facts, settingsOf({ ...relay, EMAIL_FROM: "a@example.com" }))).not.toContain("set EMAIL_FROM");
});

test("a process without the API has nothing to show but its health", () => {
  const text = welcome(facts, settingsOf({ ROLES: "engine", DATABASE_URL: "postgres://db/x" }));
  expect(text).toMatch(/\(engine: health and metrics only\)$/m);
  expect(text).not.toContain("stk_x");
});
