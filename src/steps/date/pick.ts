import type { Contact } from "../../core/contact.ts";
import type { DatePreselection, LookWindow } from "../../core/flow/step-kind.ts";
import type { JsonObject } from "../../core/json.ts";
import { dayIn, firstTimeZone, isPlainDate, onDay, parseInstant } from "../../core/time.ts";
import type { DateConfig } from "./schema.ts";

const dayMs = 86_400_000;

/** The start of a contact whose time comes within the window, as the payload that its run shows; null when it does not. */
export function pick(config: DateConfig, contact: Contact, window: LookWindow): JsonObject | null {
  const text = contact.properties[config.property];
  if (typeof text !== "string") return null;
  const zone = firstTimeZone([contact.timeZone, window.timeZone]);
  const date = dayOf(text, zone);
  if (date === null) return null;
  for (const day of daysDue(config, zone, window)) {
    const turn = shift(day, -config.offsetDays);
    if (!isTurnOf(date, turn, config)) continue;
    return { property: config.property, date, on: day, years: Number(turn.slice(0, 4)) - Number(date.slice(0, 4)) };
  }
  return null;
}

/** The days that dates in the property may name, for a contact of any zone to be picked within the window. */
export function candidateDays(
  { property, repeat, offsetDays, leapDay }: DateConfig,
  { from, to }: LookWindow,
): DatePreselection {
  const isYearly = repeat === "yearly";
  const within = (spare: number) => {
    const days = new Set<string>();
    // Clocks are at most fourteen hours off UTC, so the day is at most one off.
    const last = dayText(to.getTime() + spare * dayMs);
    for (let day = dayText(from.getTime() - spare * dayMs); day <= last; day = shift(day, 1))
      days.add(shift(day, -offsetDays).slice(isYearly ? 5 : 0));
    if (isYearly && days.has(leapDay)) days.add("02-29");
    return [...days];
  };
  // The day that an instant names is that of its own offset, which may be two off from the day in the contact's zone.
  return { property, plain: within(1), instants: within(3) };
}

/** The day of a date as the contact's calendar shows it; null when the text is neither a date nor an instant. */
function dayOf(text: string, zone: string): string | null {
  if (isPlainDate(text)) return text;
  const instant = parseInstant(text);
  return instant && dayIn(instant, zone);
}

function isTurnOf(date: string, turn: string, { repeat, leapDay }: DateConfig): boolean {
  if (repeat === "once") return date === turn;
  if (turn.slice(0, 4) < date.slice(0, 4)) return false;
  const day = date.slice(5) === "02-29" && !isLeapYear(Number(turn.slice(0, 4))) ? leapDay : date.slice(5);
  return turn.slice(5) === day;
}

const known = new WeakMap<LookWindow, Map<string, readonly string[]>>();

/** The days whose time of day comes within the window, by the clock of the zone. Kept for the window: it is asked for each contact. */
function daysDue({ at }: DateConfig, zone: string, window: LookWindow): readonly string[] {
  const zones = known.get(window) ?? new Map<string, readonly string[]>();
  known.set(window, zones);
  const key = `${at} ${zone}`;
  const found = zones.get(key) ?? daysBetween(at, zone, window);
  zones.set(key, found);
  return found;
}

function daysBetween(at: string, zone: string, { from, to }: LookWindow): string[] {
  const days: string[] = [];
  const last = dayText(to.getTime() + dayMs);
  for (let day = dayText(from.getTime() - dayMs); day <= last; day = shift(day, 1)) {
    const instant = onDay(day, zone, at);
    if (instant && instant > from && instant <= to) days.push(day);
  }
  return days;
}

function shift(day: string, days: number): string {
  return dayText(Date.parse(`${day}T00:00:00Z`) + days * dayMs);
}

function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
