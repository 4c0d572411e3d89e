import { expect, test } from "vitest";
import { type AbTest, hasRunItsSpan, winNames, winnerOf } from "./ab-test.ts";

const variants = [
  { name: "a", weight: 1 },
  { name: "b", weight: 1 },
];
const of = (decide: AbTest["decide"]): AbTest => ({ variants, by: "opens", decide });
const figures = (...[aSeen, aWon, bSeen, bWon]: [number, number, number, number]) => [
  { variant: "b", participants: bSeen, wins: bWon },
  { variant: "a", participants: aSeen, wins: aWon },
];

test.each<[string, [number, number, number, number], string | null]>([
  ["the better part wins, not the larger number", [100, 10, 10, 2], "b"],
  ["of equal ones, the first in the list", [10, 1, 20, 2], "a"],
  ["without any win, the first in the list", [10, 0, 10, 0], "a"],
  ["a variant that nobody took does not win", [0, 0, 10, 0], "b"],
  ["nobody has taken part: none yet", [0, 0, 0, 0], null],
])("%s", (...[, numbers, winner]) => {
  expect(winnerOf(of({}), figures(...numbers))).toBe(winner);
});

test("a number of participants is waited for", () => {
  expect(winnerOf(of({ participants: 20 }), figures(10, 1, 9, 9))).toBeNull();
  expect(winnerOf(of({ participants: 20 }), figures(10, 1, 10, 9))).toBe("b");
});

test("variants that are no longer in the list are left out", () => {
  expect(winnerOf(of({}), [{ variant: "old", participants: 9, wins: 9 }, ...figures(1, 1, 1, 0)])).toBe("a");
});

test("a span of days ends by the clock of the zone", () => {
  const startedAt = new Date("2026-03-28T12:00:00Z");
  const at = (now: string) => ({ now: new Date(now), timeZone: "Europe/Rome" });
  const day = of({ after: { amount: 1, unit: "days" } });
  expect(hasRunItsSpan(day, startedAt, at("2026-03-29T10:59:59Z"))).toBe(false);
  expect(hasRunItsSpan(day, startedAt, at("2026-03-29T11:00:00Z"))).toBe(true);
  expect(hasRunItsSpan(of({ participants: 5 }), startedAt, at("2026-03-28T12:00:00Z"))).toBe(true);
});

test.each<[AbTest["by"], string[]]>([
  ["opens", ["$message-opened", "$message-clicked"]],
  ["clicks", ["$message-clicked"]],
  [{ event: "order.placed" }, ["order.placed"]],
  [{ step: "thanks" }, []],
])("variants win by %j on %j", (by, names) => {
  expect(winNames(by)).toEqual(names);
});
