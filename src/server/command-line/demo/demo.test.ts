import { expect, test } from "vitest";
import type { TrailEntry } from "../../../core/flow/run.ts";
import { startLoyaltyApi } from "./loyalty-api.ts";
import { type Expected, makePurchases } from "./purchases.ts";
import { describeResult, findFaults } from "./report.ts";
import type { Result } from "./scene.ts";

test("the loyalty API stumbles once at the flaky, and does not know the unknown", async () => {
  const api = await startLoyaltyApi();
  const ask = async (id: string) => {
    const response = await fetch(`${api.url}/customers/${id}`);
    return [response.status, ((await response.json()) as { tier?: string }).tier];
  };
  expect(await ask("gold-1")).toEqual([200, "gold"]);
  expect(await ask("plain-1")).toEqual([200, "plain"]);
  expect(await ask("flaky-gold-1")).toEqual([500, undefined]);
  expect(await ask("flaky-gold-1")).toEqual([200, "gold"]);
  expect(await ask("unknown-1")).toEqual([404, undefined]);
  await api.close();
});

test("there are twenty purchases of twenty people, of every kind", () => {
  const purchases = makePurchases("r");
  expect(new Set(purchases.map(({ purchase }) => purchase.email)).size).toBe(20);
  expect(purchases.filter(({ isRetried }) => isRetried)).toHaveLength(2);
  expect(new Set(purchases.map(({ steps }) => steps.at(-1)))).toEqual(
    new Set(["gold-thanks", "thanks", "plain-words"]),
  );
});

const expected = makePurchases("r")[0] as Expected;
const at = "2026-03-01T10:00:00Z";

function entry(step: string, outcome: TrailEntry["outcome"] = "went"): TrailEntry {
  return { visit: 1, step, kind: "x", enteredAt: at, at, outcome, exit: "next" };
}

function result({
  trail = expected.steps.map((step) => entry(step)),
  status = "completed",
  subject = expected.subject,
}): Result {
  const run = { id: "1", status, contactId: "2", payload: { orderId: "r-1" }, trail };
  return { expected, run, mail: { to: "ada", subject, text: "Hello\nmore" } };
}

test("a run that went the right way to the right mail has no faults", () => {
  expect(findFaults(result({}))).toEqual([]);
  expect(describeResult(result({}))).toContain("✉ A gift for you, Ada | ada | Hello");
});

test.each<[string, Result, RegExp]>([
  ["another way", result({ trail: [entry("ask-loyalty")] }), /went ask-loyalty instead of/],
  ["another end", result({ status: "failed" }), /ended as failed/],
  ["another mail", result({ subject: "Hi" }), /got "Hi" instead of/],
  [
    "a retry that nobody expected",
    result({ trail: [entry("ask-loyalty", "retrying"), ...expected.steps.map((step) => entry(step))] }),
    /was retried/,
  ],
  ["no run", { expected, run: null, mail: null }, /no run ended in time/],
  ["no mail", { ...result({}), mail: null }, /no mail arrived in time/],
])("%s is a fault", (_, given, sentence) => {
  expect(findFaults(given).join()).toMatch(sentence);
});
