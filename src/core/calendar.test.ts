import fc from "fast-check";
import { DateTime } from "luxon";
import { describe, expect, test } from "vitest";
import { type Calendar, holidaySchema, hoursSchema, leavesDays, nextInWindow, type Window } from "./calendar.ts";

const working: Window = {
  weekdays: ["monday", "tuesday", "wednesday", "thursday", "friday"],
  from: "09:00",
  to: "18:00",
};

function next(at: string, windows: Window | readonly Window[], calendar: Partial<Calendar> = {}) {
  const list = "from" in windows ? [windows] : windows;
  return nextInWindow(new Date(at), list, { timeZone: "UTC", ...calendar })?.toISOString() ?? null;
}

describe("the next instant within the windows", () => {
  test.each<[string, string, string, string]>([
    ["is now when one is open", "2026-03-02T12:34:56.789Z", "UTC", "2026-03-02T12:34:56.789Z"],
    ["is now at the very start", "2026-03-02T09:00:00Z", "UTC", "2026-03-02T09:00:00.000Z"],
    ["is the next start at the very end", "2026-03-02T18:00:00Z", "UTC", "2026-03-03T09:00:00.000Z"],
    ["is now a moment before the end", "2026-03-02T17:59:59.999Z", "UTC", "2026-03-02T17:59:59.999Z"],
    ["is later today before the start", "2026-03-02T03:00:00Z", "UTC", "2026-03-02T09:00:00.000Z"],
    ["passes over the weekend", "2026-03-06T19:00:00Z", "UTC", "2026-03-09T09:00:00.000Z"],
    ["goes by the clock of the zone", "2026-03-02T07:00:00Z", "Europe/Rome", "2026-03-02T08:00:00.000Z"],
    ["goes by the weekday of the zone, east", "2026-03-08T22:00:00Z", "Asia/Tokyo", "2026-03-09T00:00:00.000Z"],
    [
      "goes by the weekday of the zone, west",
      "2026-03-07T01:00:00Z",
      "America/Los_Angeles",
      "2026-03-07T01:00:00.000Z",
    ],
    ["knows zones of half hours", "2026-03-02T00:00:00Z", "Asia/Kolkata", "2026-03-02T03:30:00.000Z"],
    ["passes the end of a month", "2026-01-30T20:00:00Z", "UTC", "2026-02-02T09:00:00.000Z"],
    ["passes the end of a year", "2026-12-31T20:00:00Z", "UTC", "2027-01-01T09:00:00.000Z"],
    ["passes 29 February", "2028-02-28T20:00:00Z", "UTC", "2028-02-29T09:00:00.000Z"],
    ["shifts with summer time", "2026-03-27T20:00:00Z", "Europe/Rome", "2026-03-30T07:00:00.000Z"],
    ["shifts back with winter time", "2026-10-23T20:00:00Z", "Europe/Rome", "2026-10-26T08:00:00.000Z"],
  ])("%s", (...[, at, timeZone, expected]) => {
    expect(next(at, working, { timeZone })).toBe(expected);
  });

  test("is that of the window that opens first", () => {
    const windows = [
      { from: "15:00", to: "16:00" },
      { from: "11:00", to: "12:00" },
    ];
    expect(next("2026-03-02T09:00:00Z", windows)).toBe("2026-03-02T11:00:00.000Z");
    expect(next("2026-03-02T12:00:00Z", windows)).toBe("2026-03-02T15:00:00.000Z");
  });

  test("is none without a window", () => {
    expect(next("2026-03-02T09:00:00Z", [])).toBeNull();
  });
});

describe("a window past midnight", () => {
  const friday: Window = { weekdays: ["friday"], from: "22:00", to: "02:00" };

  test.each([
    ["waits for its evening", "2026-03-02T10:00:00Z", "2026-03-06T22:00:00.000Z"],
    ["is open in the evening", "2026-03-06T23:00:00Z", "2026-03-06T23:00:00.000Z"],
    ["is open in the small hours of the next weekday", "2026-03-07T01:59:00Z", "2026-03-07T01:59:00.000Z"],
    ["is shut at its end", "2026-03-07T02:00:00Z", "2026-03-13T22:00:00.000Z"],
    ["is shut in the small hours of its own weekday", "2026-03-06T01:00:00Z", "2026-03-06T22:00:00.000Z"],
  ])("%s", (_name, at, expected) => {
    expect(next(at, friday)).toBe(expected);
  });

  test("that ends when it starts is open all day", () => {
    const saturday: Window = { weekdays: ["saturday"], from: "00:00", to: "00:00" };
    expect(next("2026-03-07T23:59:00Z", saturday)).toBe("2026-03-07T23:59:00.000Z");
    expect(next("2026-03-08T00:00:00Z", saturday)).toBe("2026-03-14T00:00:00.000Z");
  });
});

describe("when the clock jumps", () => {
  // Rome: 2026-03-29 02:00 becomes 03:00 (01:00Z), 2026-10-25 03:00 becomes 02:00 (01:00Z).
  test.each<[string, string, Window, string, string]>([
    [
      "a start left out means the jump",
      "2026-03-29T00:30:00Z",
      { from: "02:30", to: "05:00" },
      "Europe/Rome",
      "2026-03-29T01:00:00.000Z",
    ],
    [
      "an end left out means the jump",
      "2026-03-29T01:00:00Z",
      { from: "01:00", to: "02:30" },
      "Europe/Rome",
      "2026-03-29T23:00:00.000Z",
    ],
    [
      "a window left out does not open",
      "2026-03-29T00:30:00Z",
      { from: "02:10", to: "02:50" },
      "Europe/Rome",
      "2026-03-30T00:10:00.000Z",
    ],
    [
      "a start shown twice means the first",
      "2026-10-24T23:00:00Z",
      { from: "02:30", to: "05:00" },
      "Europe/Rome",
      "2026-10-25T00:30:00.000Z",
    ],
    [
      "a window stays open over the hour shown twice",
      "2026-10-25T01:10:00Z",
      { from: "02:30", to: "05:00" },
      "Europe/Rome",
      "2026-10-25T01:10:00.000Z",
    ],
    [
      "an end shown twice means the first",
      "2026-10-25T01:10:00Z",
      { from: "01:00", to: "02:30" },
      "Europe/Rome",
      "2026-10-26T00:00:00.000Z",
    ],
    [
      "midnight left out means the jump",
      "2026-09-06T03:30:00Z",
      { from: "00:00", to: "06:00" },
      "America/Santiago",
      "2026-09-06T04:00:00.000Z",
    ],
    [
      "jumps of half an hour are known",
      "2026-10-03T15:00:00Z",
      { from: "02:15", to: "05:00" },
      "Australia/Lord_Howe",
      "2026-10-03T15:30:00.000Z",
    ],
    [
      "a whole day can be left out",
      "2011-12-30T09:00:00Z",
      { from: "12:00", to: "13:00" },
      "Pacific/Apia",
      "2011-12-30T22:00:00.000Z",
    ],
  ])("%s", (...[, at, window, timeZone, expected]) => {
    expect(next(at, window, { timeZone })).toBe(expected);
  });
});

describe("holidays", () => {
  test.each([
    ["of one year", "2026-12-24T20:00:00Z", ["2026-12-25"], "2026-12-28T09:00:00.000Z"],
    ["of every year", "2026-12-24T20:00:00Z", ["12-25"], "2026-12-28T09:00:00.000Z"],
    ["of another year do not count", "2026-12-24T20:00:00Z", ["2025-12-25"], "2026-12-25T09:00:00.000Z"],
    ["in a row", "2026-12-24T12:00:00Z", ["12-24", "12-25", "12-28"], "2026-12-29T09:00:00.000Z"],
    ["on 29 February", "2028-02-28T20:00:00Z", ["02-29"], "2028-03-01T09:00:00.000Z"],
    ["on 29 February do not move in other years", "2027-02-26T20:00:00Z", ["02-29"], "2027-03-01T09:00:00.000Z"],
  ])("%s", (...[, at, holidays, expected]) => {
    expect(next(at, working, { holidays })).toBe(expected);
  });

  test("are those of the zone's calendar", () => {
    expect(next("2026-12-24T23:30:00Z", working, { timeZone: "Asia/Tokyo", holidays: ["12-25"] })).toBe(
      "2026-12-28T00:00:00.000Z",
    );
  });

  test("close a window of the night before as they begin, and open none of their own", () => {
    const night = { from: "22:00", to: "02:00" };
    expect(next("2026-12-24T23:59:00Z", night, { holidays: ["12-25"] })).toBe("2026-12-24T23:59:00.000Z");
    expect(next("2026-12-25T00:00:00Z", night, { holidays: ["12-25"] })).toBe("2026-12-26T22:00:00.000Z");
  });
});

describe("holidays all year round", () => {
  const everyDay = Array.from({ length: 366 }, (_, day) =>
    new Date(Date.UTC(2000, 0, 1 + day)).toISOString().slice(5, 10),
  );

  test("leave no day, and no window opens", () => {
    expect(leavesDays(everyDay)).toBe(false);
    expect(next("2026-03-02T09:00:00Z", working, { holidays: everyDay })).toBeNull();
  });

  test("leave days when they end, or when leap years have one more", () => {
    expect(leavesDays(everyDay.map((day) => `2026-${day}`))).toBe(true);
    expect(leavesDays(everyDay.filter((day) => day !== "02-29"))).toBe(true);
    expect(leavesDays([])).toBe(true);
  });
});

const timeOfDay = fc
  .tuple(fc.nat(23), fc.nat(59))
  .map(([hour, minute]) => `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`);
const zone = fc.constantFrom(
  "UTC",
  "Europe/Rome",
  "America/New_York",
  "America/Santiago",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
);
const instant = fc.date({ min: new Date("2024-01-01"), max: new Date("2030-01-01"), noInvalidDate: true });

test("a window and the rest of the day share every instant between them", () => {
  fc.assert(
    fc.property(instant, timeOfDay, timeOfDay, zone, (...[at, from, to, timeZone]) => {
      fc.pre(from !== to);
      const isIn = (window: Window) => nextInWindow(at, [window], { timeZone })?.getTime() === at.getTime();
      expect(isIn({ from, to })).not.toBe(isIn({ from: to, to: from }));
    }),
  );
});

test("an instant found is open, and the wall clock agrees away from jumps", () => {
  fc.assert(
    fc.property(instant, timeOfDay, timeOfDay, zone, (...[at, from, to, timeZone]) => {
      const found = nextInWindow(at, [{ from, to }], { timeZone });
      expect(found).not.toBeNull();
      expect(nextInWindow(found ?? at, [{ from, to }], { timeZone })).toEqual(found);
      const local = DateTime.fromJSDate(found ?? at, { zone: timeZone });
      fc.pre(local.minus({ days: 1 }).offset === local.plus({ days: 1 }).offset);
      const clock = local.toFormat("HH:mm");
      expect(from < to ? from <= clock && clock < to : clock >= from || clock < to).toBe(true);
    }),
  );
});

test.each(["2026-02-30", "13-01", "02-30", "2027-02-29", "25 December", "2026-1-1"])("%s is no holiday", (day) => {
  expect(holidaySchema.safeParse(day).success).toBe(false);
});

test.each(["02-29", "2028-02-29", "12-25"])("%s is a holiday", (day) => {
  expect(holidaySchema.safeParse(day).success).toBe(true);
});

test.each([
  { weekdays: [], from: "09:00", to: "18:00" },
  { weekdays: ["someday"], from: "09:00", to: "18:00" },
  { weekdays: ["monday"], from: "9", to: "18:00" },
  { weekdays: ["monday"], from: "09:00", to: "24:00" },
])("refuses the hours %j", (hours) => {
  expect(hoursSchema.safeParse(hours).success).toBe(false);
});
