// Run it with `node --test`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateFlow } from "staffetta/flow-test";
import { welcome } from "./welcome.mjs";

const ada = { externalId: "ada", email: "ada@example.com", properties: { name: "Ada" } };
const joined = { name: "user.joined", contact: "ada", at: "2026-03-01T10:00:00Z" };

/** Ada joins, and the plans API answers as given. */
function join(answer, ...events) {
  const answers = { http: [{ url: "https://api.example.com/plans/*", answer }] };
  return simulateFlow(welcome, { contacts: [ada], events: [joined, ...events], answers }).contact("ada");
}

test("somebody on the pro plan gets the personal mail, an hour after joining", () => {
  const { path, messages } = join({ body: { plan: "pro" } });
  assert.deepEqual(path, ["pause:next", "plan:success", "which:pro", "personal:next"]);
  assert.equal(messages[0].at, "2026-03-01T11:00:00.000Z");
  assert.equal(messages[0].subject, "Ada, your guide is here");
});

test("when the plans API is down, the plain mail goes out", () => {
  const { path, calls } = join({ status: 503 });
  assert.deepEqual(path, ["pause:next", "plan:error", "plain:next"]);
  assert.equal(calls.length, 4);
});

test("who closes the account meanwhile gets no mail", () => {
  const { path, messages } = join({}, { name: "account.closed", contact: "ada", at: "2026-03-01T10:30:00Z" });
  assert.deepEqual(path, ["!exit_rule_0"]);
  assert.deepEqual(messages, []);
});

test("nobody is welcomed twice", () => {
  const { outcomes } = join({}, { ...joined, at: "2026-03-02T10:00:00Z" });
  assert.deepEqual(
    outcomes.map(({ outcome, reason }) => [outcome, reason]),
    [
      ["started", null],
      ["not_started", "entered_before"],
    ],
  );
});
