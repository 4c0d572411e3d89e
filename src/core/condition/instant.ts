const dayMs = 86_400_000;
const daysInMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const instantPattern =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,9}))?)?(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9])))?$/;

/**
 * Milliseconds since 1970 of an ISO 8601 instant with a zone (`2026-03-01T10:00:00.5+01:00`) or of a plain date, which means its
 * midnight in UTC. Null for anything else, for days that do not exist and for the year 0000. Finer fractions are cut to milliseconds.
 * `staffetta_instant` in SQL accepts the same texts and gives the same numbers.
 */
export function parseInstant(text: string): number | null {
  const match = instantPattern.exec(text);
  if (!match) return null;
  const [
    ,
    year,
    month,
    day,
    hour = "0",
    minute = "0",
    second = "0",
    fraction = "",
    sign,
    zoneHour = "0",
    zoneMinute = "0",
  ] = match;
  if (!isDay(Number(year), Number(month), Number(day))) return null;
  const zoneMinutes = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === "-" ? -1 : 1);
  const minutes = Number(hour) * 60 + Number(minute) - zoneMinutes;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  return midnight(Number(year), Number(month), Number(day)) + minutes * 60_000 + Number(second) * 1000 + milliseconds;
}

/** The first and the last millisecond (UTC) of a plain date such as `2026-03-01`, or null when it is none. */
export function parseDay(text: string): { first: number; last: number } | null {
  const first = text.length === 10 ? parseInstant(text) : null;
  return first === null ? null : { first, last: first + dayMs - 1 };
}

function isDay(year: number, month: number, day: number): boolean {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = month === 2 && leap ? 29 : daysInMonth[month - 1];
  return year >= 1 && last !== undefined && day >= 1 && day <= last;
}

function midnight(year: number, month: number, day: number): number {
  // Date.UTC reads the years 0 to 99 as 1900 to 1999. Shifting by 400 years, one full cycle of the calendar, avoids that.
  const cycleMs = 146_097 * dayMs;
  return Date.UTC(year + 400, month - 1, day) - cycleMs;
}
