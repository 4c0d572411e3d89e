import { type Context, filters as liquidFilters } from "liquidjs";
import { isJsonObject } from "../json.ts";
import { isPlainDate, isTimeZone, parseInstant, zoneOffsetMinutes } from "../time.ts";
import { jsonInPlace, jsonText } from "./escape.ts";
import { dateCost, maxDateFormatLength } from "./limits.ts";
import { TemplateError } from "./template-error.ts";
import { chargedFilter } from "./work.ts";

type Handler = Parameters<typeof chargedFilter>[0];
type Filter = Handler | { raw: boolean; handler: Handler };

/** Left out: chance (`sample`), expressions inside text (`*_exp`), and date filters that read the machine's own time zone. */
const leftOut = /^(sample|.*_exp|date_to_.*|inspect|jsonify|raw|json|date)$/;

/** The filters of an engine. In JSON templates nothing is `raw`, and `json` minds the quotes around it. */
export function templateFilters(mode: "json" | "other"): Map<string, Filter> {
  const filters = new Map<string, Filter>();
  for (const [name, filter] of Object.entries(liquidFilters)) {
    if (!leftOut.test(name)) filters.set(name, chargedFilter(filter as Handler));
  }
  filters.set("raw", mode === "json" ? keep : { raw: true, handler: keep });
  filters.set("json", mode === "json" ? { raw: true, handler: chargedFilter(jsonInPlace) } : chargedFilter(jsonText));
  filters.set("date", chargedFilter(date));
  return filters;
}

function keep(value: unknown): unknown {
  return value;
}

/**
 * `date: format, timeZone`. The zone is the contact's, else the workspace's, else UTC; a plain date stays that day in every zone.
 * `now` and `today` mean `run.now`, the instant the step decided. What is no instant comes back as it is.
 */
const date: Handler = function date(value, format, timeZone) {
  this.context.memoryLimit.use(dateCost);
  if (typeof format === "string" && format.length > maxDateFormatLength)
    throw new TemplateError("The date format is too long.");
  const instant = toInstant(this.context, value);
  if (!instant) return value;
  const isDay = typeof value === "string" && isPlainDate(value);
  const zone = timeZone ?? (isDay ? "UTC" : defaultTimeZone(this.context));
  return (liquidFilters.date as Handler).call(this, instant, format, zoneFor(zone, format, instant));
};

/** Liquid looks up a zone by name in 200 µs and an offset in none, so it gets the name only when the format prints it. */
function zoneFor(zone: unknown, format: unknown, instant: Date): unknown {
  if (typeof zone !== "string") return zone;
  if (!isTimeZone(zone)) throw new TemplateError(`There is no time zone named ${zone.slice(0, 64)}.`);
  return typeof format === "string" && format.includes("Z") ? zone : -zoneOffsetMinutes(instant, zone);
}

function toInstant(context: Context, value: unknown): Date | null {
  if (typeof value === "number") return fromSeconds(value);
  if (typeof value !== "string") return null;
  const text = value === "now" || value === "today" ? context.getSync(["run", "now"]) : value;
  if (typeof text !== "string") return null;
  if (/^\d{1,12}$/.test(text)) return fromSeconds(Number(text));
  // A date and time without a zone is taken as UTC, never as the machine's own zone.
  return parseInstant(text) ?? parseInstant(`${text.replace(" ", "T")}Z`);
}

function fromSeconds(seconds: number): Date | null {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? null : date;
}

function defaultTimeZone(context: Context): string {
  for (const root of ["contact", "workspace"]) {
    const part = context.getSync([root]);
    const zone = isJsonObject(part) && Object.hasOwn(part, "timeZone") ? part.timeZone : null;
    if (typeof zone === "string" && isTimeZone(zone)) return zone;
  }
  return "UTC";
}
