import { DateTime, IANAZone } from "luxon";
import { z } from "zod";
import { parseInstant as instantMs } from "./condition/instant.ts";

export const durationUnits = ["seconds", "minutes", "hours", "days", "weeks", "months"] as const;
export type DurationUnit = (typeof durationUnits)[number];

/** A length of time: a positive whole number of a unit. */
export type Duration = { amount: number; unit: DurationUnit };

const unitMs: Record<DurationUnit, number> = {
  seconds: 1000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 7 * 86_400_000,
  months: 30 * 86_400_000,
};
const maxMs = 3660 * unitMs.days;
const unitSchema = z.enum(durationUnits);

/** A span from one second to ten years. */
export const durationSchema = z
  .strictObject({ amount: z.int().positive(), unit: unitSchema })
  .refine(isWithinLimit, { error: "must be at most ten years", path: ["amount"] });

/** A span of up to ten years in either direction: a negative amount lies before. */
export const offsetSchema = z
  .strictObject({ amount: z.int(), unit: unitSchema })
  .refine(isWithinLimit, { error: "must be at most ten years", path: ["amount"] });

/** An instant as text: ISO 8601 with a zone, or a plain date (midnight UTC). */
export const instantSchema = z
  .string()
  .max(64)
  .refine((text) => parseInstant(text) !== null, { error: "must be an ISO 8601 instant such as 2026-03-01T10:00:00Z" });

function isWithinLimit({ amount, unit }: Duration): boolean {
  return Math.abs(amount) * unitMs[unit] <= maxMs;
}

/** True for spans that are the same length in every time zone: seconds to hours. */
export function isExact({ unit }: Duration): boolean {
  return unit === "seconds" || unit === "minutes" || unit === "hours";
}

/**
 * The instant `duration` after `at` (before it when the amount is negative). Seconds to hours are exact; days and longer keep the wall clock
 * of the zone over changes of daylight saving time, and months end on the last day when the target month is shorter.
 */
export function addDuration(at: Date, duration: Duration, timeZone = "UTC"): Date {
  const { amount, unit } = duration;
  if (isExact(duration) || (timeZone === "UTC" && unit !== "months"))
    return new Date(at.getTime() + amount * unitMs[unit]);
  return DateTime.fromJSDate(at, { zone: timeZone })
    .plus({ [unit]: amount })
    .toJSDate();
}

/**
 * Reads an instant in strict ISO 8601: date, time and zone (`2026-03-01T10:00:00+01:00`), or a plain date, which means midnight UTC.
 * Null for anything else, days that do not exist included. It is the grammar of conditions, in memory and in SQL.
 */
export function parseInstant(text: string): Date | null {
  const ms = instantMs(text);
  return ms === null ? null : new Date(ms);
}

const plainDatePattern = /^\d{4}-\d{2}-\d{2}$/;

/** True for a date without a time, which is a day on the calendar rather than an instant. */
export function isPlainDate(text: string): boolean {
  return plainDatePattern.test(text) && parseInstant(text) !== null;
}

const knownZones = new Map<string, boolean>();
const maxKnownZones = 2000;

/** True for the name of a time zone (IANA, such as `Europe/Rome`, or `UTC`). */
export function isTimeZone(name: string): boolean {
  const known = knownZones.get(name);
  if (known !== undefined) return known;
  const isZone = name.length <= 64 && /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name);
  // Checking a zone takes tens of microseconds, so verdicts are kept; the names may come from anyone, so only so many.
  if (knownZones.size < maxKnownZones && name.length <= 64) knownZones.set(name, isZone);
  return isZone;
}

/** How many minutes the zone is ahead of UTC at that instant; negative west of it. */
export function zoneOffsetMinutes(at: Date, timeZone: string): number {
  return IANAZone.create(timeZone).offset(at.getTime());
}

/** The day that the calendar of the zone shows at that instant, as YYYY-MM-DD. */
export function dayIn(at: Date, timeZone: string): string {
  return new Date(at.getTime() + zoneOffsetMinutes(at, timeZone) * 60_000).toISOString().slice(0, 10);
}

/** The first of `names` that is a time zone, else UTC. */
export function firstTimeZone(names: readonly unknown[]): string {
  for (const name of names) if (typeof name === "string" && isTimeZone(name)) return name;
  return "UTC";
}

/** A time of day as `HH:MM`, from 00:00 to 23:59. */
export const timeOfDaySchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: "must be a time of day such as 09:30" });

/**
 * The instant at which the wall clock of the zone shows `timeOfDay` on the day that `text` names (a plain date) or falls on (an instant).
 * Without a time of day, a plain date means midnight in the zone and an instant stays as it is. Null when `text` is neither.
 * A time that daylight saving time skips comes as much later as the clock jumped; one that it shows twice is the first.
 */
export function onDay(text: string, timeZone: string, timeOfDay?: string): Date | null {
  const instant = parseInstant(text);
  if (!instant) return null;
  const isDay = isPlainDate(text);
  if (!isDay && timeOfDay === undefined) return instant;
  const day = isDay ? text : dayIn(instant, timeZone);
  return shownAt(Date.parse(`${day}T${timeOfDay ?? "00:00"}:00Z`), timeZone);
}

/** The instant at which the clock of the zone shows what the clock of UTC shows at `shown`. */
function shownAt(shown: number, timeZone: string): Date {
  const offsetMs = (at: number) => zoneOffsetMinutes(new Date(at), timeZone) * 60_000;
  const [before, after] = [offsetMs(shown - unitMs.days), offsetMs(shown + unitMs.days)];
  const [early, late] = [shown - before, shown - after];
  return new Date(offsetMs(early) !== before && offsetMs(late) === after ? late : early);
}

const texts = new Map<number, string>();

/** `at` as ISO 8601 text. The last few are remembered: a batch writes the same instants again and again, at 1.2 µs each. */
export function isoText(at: Date): string {
  const known = texts.get(at.getTime());
  if (known !== undefined) return known;
  if (texts.size >= 64) texts.clear();
  const text = at.toISOString();
  texts.set(at.getTime(), text);
  return text;
}
