import { addDuration, type Duration } from "../time.ts";

const dayMs = 86_400_000;
// Months end on different days, so that a window of months may move back by hours when a short month ends.
const slackMs = 5 * dayMs;

/** The first instant that lies within a duration that ends at `now`, in milliseconds. Days and longer are those of UTC. */
export function windowStart({ amount, unit }: Duration, now: Date): number {
  return addDuration(now, { amount: -amount, unit }).getTime();
}

/** The same, or somewhat earlier: nothing from before it comes back into the window later. */
export function earliestNeeded(within: Duration, now: Date): Date {
  return new Date(windowStart(within, now) - (within.unit === "months" ? slackMs : 0));
}

/**
 * The first instant after `now` at which `isWithin` gives another answer about `at`, a fixed instant that a window of `length` (negative: one that
 * lies ahead) passes over; infinity when there is none. Exact for all units.
 */
export function windowFlip(at: number, { length, now }: { length: Duration; now: Date }, isWithin: Test): number {
  const edge = addDuration(new Date(at), length).getTime();
  const present = isWithin(now);
  const flips = candidates(at, { edge, isCalendar: length.unit === "months" });
  return flips.find((time) => time > now.getTime() && isWithin(new Date(time)) !== present) ?? Number.POSITIVE_INFINITY;
}

type Test = (now: Date) => boolean;

/** Where the answer may change. Within one day of UTC, a bound that is months away moves evenly, and jumps at midnight. */
function candidates(at: number, { edge, isCalendar }: { edge: number; isCalendar: boolean }): number[] {
  const around = [edge, edge + 1];
  if (!isCalendar) return [at, at + 1, ...around].sort((one, other) => one - other);
  const timeOfDay = ((at % dayMs) + dayMs) % dayMs;
  const first = Math.floor((edge - slackMs) / dayMs) * dayMs;
  const days = Array.from({ length: (2 * slackMs) / dayMs + 1 }, (_, index) => first + index * dayMs);
  const times = days.flatMap((day) => [day, day + timeOfDay, day + timeOfDay + 1]);
  return [at, at + 1, ...times].sort((one, other) => one - other);
}
