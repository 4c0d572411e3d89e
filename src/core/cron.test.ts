import { expect, test } from "vitest";
import { cronProblem, nextCronAt } from "./cron.ts";

test.each([
  ["0 9 * * *", "2026-03-01T12:00:00Z", "UTC", "2026-03-02T09:00:00.000Z"],
  ["0 9 * * 1-5", "2026-03-06T12:00:00Z", "Europe/Rome", "2026-03-09T08:00:00.000Z"],
  ["0 0 31 * *", "2026-03-31T22:00:00Z", "UTC", "2026-05-31T00:00:00.000Z"],
  ["0 12 29 2 *", "2026-03-01T00:00:00Z", "UTC", "2028-02-29T12:00:00.000Z"],
  // The clock goes forward at 2:00 on this day in Rome: what would fire in the gap fires at its end. On the other it goes back at 3:00.
  ["30 2 * * *", "2026-03-28T12:00:00Z", "Europe/Rome", "2026-03-29T01:00:00.000Z"],
  ["30 2 * * *", "2026-10-24T12:00:00Z", "Europe/Rome", "2026-10-25T00:30:00.000Z"],
  ["30 2 * * *", "2026-10-25T00:30:00Z", "Europe/Rome", "2026-10-26T01:30:00.000Z"],
])("%s after %s in %s is %s", (...[expression, after, timeZone, expected]) => {
  expect(nextCronAt(expression, { after: new Date(after), timeZone })?.toISOString()).toBe(expected);
});

const now = new Date("2026-03-01T00:00:00Z");

test("finds nothing wrong with a good expression", () => {
  expect(cronProblem("*/15 8-18 * * 1-5", now)).toBeNull();
});

test.each([
  ["0 9 30 2 *", "never fires"],
  ["0 9 * *", "five fields"],
  ["0 0 9 * * *", "five fields"],
  ["61 9 * * *", "no cron expression"],
  ["a b c d e", "no cron expression"],
  ["", "five fields"],
])("refuses %j: %s", (expression, why) => {
  expect(cronProblem(expression, now)).toContain(why);
});
