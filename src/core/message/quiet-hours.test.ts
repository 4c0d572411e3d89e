import { expect, test } from "vitest";
import { quietUntil } from "./quiet-hours.ts";

const night = { from: "22:00", to: "08:00" };

test.each<[string, { from: string; to: string }, string, string, string | null]>([
  ["before they begin", night, "UTC", "2026-03-01T21:59:59.999Z", null],
  ["as they begin", night, "UTC", "2026-03-01T22:00:00Z", "2026-03-02T08:00:00Z"],
  ["after midnight", night, "UTC", "2026-03-02T03:00:00Z", "2026-03-02T08:00:00Z"],
  ["a moment before they end", night, "UTC", "2026-03-02T07:59:59.999Z", "2026-03-02T08:00:00Z"],
  ["as they end", night, "UTC", "2026-03-02T08:00:00Z", null],
  ["in a zone ahead of UTC", night, "Asia/Kolkata", "2026-03-01T17:00:00Z", "2026-03-02T02:30:00Z"],
  ["in a zone behind UTC, where it is day", night, "America/Los_Angeles", "2026-03-02T03:00:00Z", null],
  ["in a zone behind UTC, at night", night, "America/Los_Angeles", "2026-03-02T10:00:00Z", "2026-03-02T16:00:00Z"],
  ["at the end of a month", night, "Europe/Rome", "2026-01-31T22:30:00Z", "2026-02-01T07:00:00Z"],
  ["within one day", { from: "12:00", to: "15:00" }, "UTC", "2026-03-01T13:00:00Z", "2026-03-01T15:00:00Z"],
  ["outside of a span within one day", { from: "12:00", to: "15:00" }, "UTC", "2026-03-01T15:00:00Z", null],
  ["in the night that loses an hour", night, "Europe/Rome", "2026-03-28T21:00:00Z", "2026-03-29T06:00:00Z"],
  ["in the night that gains an hour", night, "Europe/Rome", "2026-10-24T20:00:00Z", "2026-10-25T07:00:00Z"],
  [
    "until a time that the clock leaves out",
    { from: "22:00", to: "02:30" },
    "Europe/Rome",
    "2026-03-28T23:00:00Z",
    "2026-03-29T01:00:00Z",
  ],
  [
    "until a time that the clock shows twice: the first",
    { from: "22:00", to: "02:30" },
    "Europe/Rome",
    "2026-10-24T23:00:00Z",
    "2026-10-25T00:30:00Z",
  ],
])("quiet hours, %s", (...[, hours, zone, at, until]) => {
  expect(quietUntil(new Date(at), hours, zone)).toEqual(until === null ? null : new Date(until));
});
