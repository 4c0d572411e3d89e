import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addDuration,
  type DurationUnit,
  durationSchema,
  durationUnits,
  firstTimeZone,
  instantSchema,
  isPlainDate,
  isTimeZone,
  offsetSchema,
  onDay,
  parseInstant,
  timeOfDaySchema,
  zoneOffsetMinutes,
} from "./time.ts";

const rows: [string, number, DurationUnit, string, string][] = [
  ["2026-03-01T10:00:00Z", 90, "seconds", "Europe/Rome", "2026-03-01T10:01:30.000Z"],
  ["2026-03-01T10:00:00Z", 90, "minutes", "Europe/Rome", "2026-03-01T11:30:00.000Z"],
  ["2026-03-28T12:00:00Z", 24, "hours", "Europe/Rome", "2026-03-29T12:00:00.000Z"],
  // The clock goes forward in the night to 29 March 2026 and back in the night to 25 October.
  ["2026-03-28T12:00:00Z", 1, "days", "Europe/Rome", "2026-03-29T11:00:00.000Z"],
  ["2026-10-24T12:00:00Z", 1, "days", "Europe/Rome", "2026-10-25T13:00:00.000Z"],
  ["2026-03-28T12:00:00Z", 1, "days", "UTC", "2026-03-29T12:00:00.000Z"],
  ["2026-03-25T12:00:00Z", 1, "weeks", "Europe/Rome", "2026-04-01T11:00:00.000Z"],
  ["2026-01-31T12:00:00Z", 1, "months", "UTC", "2026-02-28T12:00:00.000Z"],
  ["2028-01-31T12:00:00Z", 1, "months", "UTC", "2028-02-29T12:00:00.000Z"],
  ["2026-03-28T01:30:00Z", 1, "days", "Europe/Rome", "2026-03-29T01:30:00.000Z"],
  ["2026-05-01T00:00:00Z", -3, "days", "UTC", "2026-04-28T00:00:00.000Z"],
  ["2026-03-31T00:00:00Z", -1, "months", "UTC", "2026-02-28T00:00:00.000Z"],
];

test.each(rows)("%s and %i %s in %s is %s", (...[at, amount, unit, timeZone, due]) => {
  expect(addDuration(new Date(at), { amount, unit }, timeZone).toISOString()).toBe(due);
});

test("property: a span is never shorter than its exact length less one hour, nor longer than it by more", () => {
  const zones = fc.constantFrom("UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata");
  const at = fc.date({ min: new Date("2000-01-01"), max: new Date("2090-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(at, zones, fc.integer({ min: 1, max: 400 }), (start, zone, amount) => {
      const lengthMs = addDuration(start, { amount, unit: "days" }, zone).getTime() - start.getTime();
      expect(Math.abs(lengthMs - amount * 86_400_000)).toBeLessThanOrEqual(2 * 3_600_000);
    }),
  );
});

test.each(durationUnits)("takes one of %s", (unit) => {
  expect(durationSchema.safeParse({ amount: 1, unit }).success).toBe(true);
});

test.each([
  { amount: 0, unit: "hours" },
  { amount: -1, unit: "hours" },
  { amount: 1.5, unit: "hours" },
  { amount: 1, unit: "years" },
  { amount: 3661, unit: "days" },
  { amount: 1e300, unit: "months" },
  { amount: "1", unit: "days" },
  { amount: 1, unit: "days", more: true },
  {},
])("refuses the span %j", (span) => {
  expect(durationSchema.safeParse(span).success).toBe(false);
});

test("an offset may lie before or be nothing, but has the same bounds", () => {
  expect(offsetSchema.safeParse({ amount: -7, unit: "days" }).success).toBe(true);
  expect(offsetSchema.safeParse({ amount: 0, unit: "days" }).success).toBe(true);
  expect(offsetSchema.safeParse({ amount: -3661, unit: "days" }).success).toBe(false);
});

test.each([
  ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.000Z"],
  ["2026-03-01T10:00:00+01:00", "2026-03-01T09:00:00.000Z"],
  ["2026-03-01T10:00:00.123456-05:30", "2026-03-01T15:30:00.123Z"],
  ["2026-03-01T10:00Z", "2026-03-01T10:00:00.000Z"],
  ["2026-03-01", "2026-03-01T00:00:00.000Z"],
  ["2028-02-29", "2028-02-29T00:00:00.000Z"],
])("reads %s", (text, instant) => {
  expect(parseInstant(text)?.toISOString()).toBe(instant);
});

test.each([
  "2026-02-29",
  "2026-13-01",
  "2026-03-01T25:00:00Z",
  "2026-03-01T10:00:00",
  "1 March 2026",
  "",
  "2026-3-1",
  " 2026-03-01",
  "now",
])("does not read %j", (text) => {
  expect(parseInstant(text)).toBeNull();
  expect(instantSchema.safeParse(text).success).toBe(false);
});

test("property: reads back every instant that JavaScript writes", () => {
  const at = fc.date({
    min: new Date("0001-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(at, (date) => {
      expect(parseInstant(date.toISOString())).toEqual(date);
    }),
  );
});

test.each([
  ["2026-03-01", true],
  ["2026-02-30", false],
  ["2026-03-01T10:00:00Z", false],
])("isPlainDate(%s) is %s", (text, expected) => {
  expect(isPlainDate(text)).toBe(expected);
});

test.each([
  ["Europe/Rome", true],
  ["UTC", true],
  ["Mars/Olympus", false],
  ["", false],
  ["+01:00", false],
  ["x".repeat(1000), false],
])("isTimeZone(%s) is %s", (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
  expect(isTimeZone(name)).toBe(expected);
});

test("the first known zone counts, else UTC", () => {
  expect(firstTimeZone([null, "Mars/Olympus", "Asia/Tokyo", "UTC"])).toBe("Asia/Tokyo");
  expect(firstTimeZone([undefined, 3])).toBe("UTC");
});

test("a zone's offset follows the season", () => {
  expect(zoneOffsetMinutes(new Date("2026-01-01T00:00:00Z"), "Europe/Rome")).toBe(60);
  expect(zoneOffsetMinutes(new Date("2026-07-01T00:00:00Z"), "Europe/Rome")).toBe(120);
});

test.each([
  ["2026-05-01", "Europe/Rome", undefined, "2026-04-30T22:00:00.000Z"],
  ["2026-05-01", "Europe/Rome", "09:30", "2026-05-01T07:30:00.000Z"],
  ["2026-05-01T23:30:00Z", "Europe/Rome", undefined, "2026-05-01T23:30:00.000Z"],
  ["2026-05-01T23:30:00Z", "Europe/Rome", "09:30", "2026-05-02T07:30:00.000Z"],
  ["2026-05-01", "America/New_York", "00:00", "2026-05-01T04:00:00.000Z"],
  // 02:30 is skipped that night: the clock shows 03:30 instead.
  ["2026-03-29", "Europe/Rome", "02:30", "2026-03-29T01:30:00.000Z"],
])("onDay(%s, %s, %s) is %s", (...[text, timeZone, timeOfDay, instant]) => {
  expect(onDay(text, timeZone, timeOfDay)?.toISOString()).toBe(instant);
});

test("onDay gives null for what is no date", () => {
  expect(onDay("soon", "UTC", "09:00")).toBeNull();
});

test.each([
  ["00:00", true],
  ["23:59", true],
  ["24:00", false],
  ["9:00", false],
  ["09:60", false],
])("the time of day %s is taken: %s", (text, expected) => {
  expect(timeOfDaySchema.safeParse(text).success).toBe(expected);
});
