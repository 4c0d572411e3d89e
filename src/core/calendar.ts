import { z } from "zod";
import { timeOfDaySchema, zoneOffsetMinutes } from "./time.ts";

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
type Weekday = (typeof weekdays)[number];

/** A span of the day on some weekdays; an end that is not after the start lies on the next day. */
export const hoursSchema = z.strictObject({
  weekdays: z.array(z.enum(weekdays)).min(1).max(7),
  from: timeOfDaySchema,
  to: timeOfDaySchema,
});

/** A day as YYYY-MM-DD, or every year as MM-DD. 02-29 is one in leap years only. */
export const holidaySchema = z
  .string()
  .regex(/^(\d{4}-)?\d{2}-\d{2}$/, "must be a day such as 2026-12-25, or 12-25 for every year")
  .refine(isDay, "there is no such day");

/** A span of the day on some weekdays, or on every day when they are absent. It belongs to the day on which it begins. */
export type Window = { weekdays?: readonly Weekday[] | undefined; from: string; to: string };

export type Calendar = { timeZone: string; holidays?: readonly string[] };

// As far as any wait reaches.
const daysAhead = 3660;
const dayMs = 86_400_000;

/**
 * The first instant, `at` or later, that lies within one of the windows by the wall clock of the zone; null when none opens within ten
 * years. A window's start belongs to it, its end does not. On a holiday no window opens, and one that is open closes as the day begins.
 * A time that the clock shows twice means the first, one that it leaves out means the instant of the jump.
 */
export function nextInWindow(at: Date, windows: readonly Window[], { timeZone, holidays = [] }: Calendar): Date | null {
  const today = Math.floor((at.getTime() + zoneOffsetMinutes(at, timeZone) * 60_000) / dayMs);
  // Begins the day before: its windows may last past midnight.
  for (let day = today - 1; day <= today + daysAhead; day += 1) {
    let first: number | null = null;
    for (const window of windows) {
      const span = spanOn(day, window, { timeZone, holidays });
      const start = Math.max(span?.start ?? 0, at.getTime());
      // Also passes over one whose times fall into the hour that a jump leaves out.
      if (span === null || span.end <= start) continue;
      if (first === null || start < first) first = start;
    }
    if (first !== null) return new Date(first);
  }
  return null;
}

/** True when some day of the years to come is none of these holidays. */
export function leavesDays(holidays: readonly string[]): boolean {
  // Single days come to an end; only those of every year could go on for ever.
  const yearly = holidays.filter((day) => day.length === 5);
  return nextInWindow(new Date(0), [{ from: "00:00", to: "00:00" }], { timeZone: "UTC", holidays: yearly }) !== null;
}

/** The instants between which the window is open that begins on `day` (counted from 1970-01-01), or null when it does not open. */
function spanOn(day: number, { weekdays: on, from, to }: Window, calendar: Required<Calendar>) {
  const { timeZone, holidays } = calendar;
  // 1970-01-01 was a Thursday.
  const weekday = weekdays[(((day + 4) % 7) + 7) % 7] as Weekday;
  if ((on && !on.includes(weekday)) || isHoliday(day, holidays)) return null;
  const [opens, closes] = [minutesOf(from), minutesOf(to)];
  const start = instantOf(day, opens, timeZone);
  if (closes > opens) return { start, end: instantOf(day, closes, timeZone) };
  return { start, end: instantOf(day + 1, isHoliday(day + 1, holidays) ? 0 : closes, timeZone) };
}

function isHoliday(day: number, holidays: readonly string[]): boolean {
  if (holidays.length === 0) return false;
  const date = new Date(day * dayMs).toISOString().slice(0, 10);
  return holidays.includes(date) || holidays.includes(date.slice(5));
}

function minutesOf(timeOfDay: string): number {
  return Number(timeOfDay.slice(0, 2)) * 60 + Number(timeOfDay.slice(3));
}

/** The first instant at which the clock of the zone shows that time of that day, or has gone past it. */
function instantOf(day: number, minutes: number, timeZone: string): number {
  const shown = day * dayMs + minutes * 60_000;
  const offsetMs = (at: number) => zoneOffsetMinutes(new Date(at), timeZone) * 60_000;
  const [before, after] = [offsetMs(shown - dayMs), offsetMs(shown + dayMs)];
  const early = shown - before;
  if (before === after || offsetMs(early) === before) return early;
  const late = shown - after;
  if (offsetMs(late) === after) return late;
  return jumpBetween(late, early, (at) => offsetMs(at) !== before);
}

/** The first instant after `low`, at most `high`, at which the clock has jumped. */
function jumpBetween(low: number, high: number, hasJumped: (at: number) => boolean): number {
  let [still, jumped] = [low, high];
  while (jumped - still > 1) {
    const middle = Math.floor((still + jumped) / 2);
    if (hasJumped(middle)) jumped = middle;
    else still = middle;
  }
  return jumped;
}

function isDay(text: string): boolean {
  const full = text.length === 5 ? `2000-${text}` : text;
  const date = new Date(`${full}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(full);
}
