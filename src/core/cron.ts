import { Cron } from "croner";

/**
 * The first instant after `after` at which a cron expression of five fields (minute, hour, day, month, weekday) fires by the wall clock
 * of the zone, or null when it never does again. Throws on an expression in which `cronProblem` finds something.
 */
export function nextCronAt(expression: string, { after, timeZone }: { after: Date; timeZone: string }): Date | null {
  return parse(expression, timeZone).nextRun(after);
}

/** The sentence that says what is wrong with a cron expression, or null. One that never fires is wrong too. */
export function cronProblem(expression: string, after: Date): string | null {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 5 || expression.length > 200)
    return "must have five fields: minute, hour, day of the month, month, day of the week";
  try {
    return parse(expression, "UTC").nextRun(after) === null ? "never fires: there is no such day" : null;
  } catch {
    return "is no cron expression; it looks like 30 9 * * 1-5";
  }
}

function parse(expression: string, timezone: string): Cron {
  return new Cron(expression, { timezone, mode: "5-part", paused: true });
}
