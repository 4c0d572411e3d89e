import { expect, test } from "vitest";
import type { LookWindow } from "../../core/flow/step-kind.ts";
import { sampleContact } from "../../testing/step-suite.ts";
import { date } from "./run.ts";

type Case = { date: string; zone: string | null; config?: object };

const configOf = (changes: object = {}) => date.config.parse({ property: "day", ...changes });

function entry() {
  const { schedule } = date;
  if (!schedule?.picks) throw new Error("The kind has no schedule.");
  return { ...schedule, picks: schedule.picks };
}

/** Looks every fifteen minutes over a span, as the engine does, and tells the instants at which the contact is picked. */
function picked({ date: text, zone, config = {} }: Case, [first, last]: [string, string], stepMs?: number): string[] {
  const { picks, nextAt } = entry();
  const parsed = configOf(config);
  const contact = sampleContact({ properties: { day: text }, timeZone: zone });
  const instants: string[] = [];
  let from = new Date(first);
  for (;;) {
    const to =
      stepMs === undefined ? nextAt(parsed, { after: from, timeZone: "UTC" }) : new Date(from.getTime() + stepMs);
    if (!to || to > new Date(last)) return instants;
    const window: LookWindow = { from, to, timeZone: "UTC" };
    const payload = picks.pick(parsed, contact, window);
    if (payload) {
      instants.push(to.toISOString());
      expect(isPreselected(text, parsed, window)).toBe(true);
    }
    from = to;
  }
}

/** What the database goes by. */
function isPreselected(text: string, config: ReturnType<typeof configOf>, window: LookWindow): boolean {
  const { plain, instants } = entry().picks.among(config, window);
  const days = text.length === 10 ? plain : instants;
  return days.includes(text.slice(10 - (days[0]?.length ?? 10), 10));
}

test.each<[string, Case, string]>([
  ["the day itself, in UTC", { date: "2026-05-01", zone: null }, "2026-05-01T09:00:00.000Z"],
  ["in Rome", { date: "2026-05-01", zone: "Europe/Rome" }, "2026-05-01T07:00:00.000Z"],
  ["far east", { date: "2026-05-01", zone: "Pacific/Kiritimati" }, "2026-04-30T19:00:00.000Z"],
  ["far west", { date: "2026-05-01", zone: "Pacific/Pago_Pago" }, "2026-05-01T20:00:00.000Z"],
  ["a zone on the quarter", { date: "2026-05-01", zone: "Asia/Kathmandu" }, "2026-05-01T03:15:00.000Z"],
  [
    "at another minute",
    { date: "2026-05-01", zone: "Asia/Kolkata", config: { at: "18:07" } },
    "2026-05-01T12:37:00.000Z",
  ],
  ["days before", { date: "2026-05-01", zone: null, config: { offsetDays: -3 } }, "2026-04-28T09:00:00.000Z"],
  ["days after", { date: "2026-05-01", zone: null, config: { offsetDays: 30 } }, "2026-05-31T09:00:00.000Z"],
  ["before midnight", { date: "2026-05-01", zone: "Europe/Rome", config: { at: "00:00" } }, "2026-04-30T22:00:00.000Z"],
  [
    "an instant, by the day it falls on there",
    { date: "2026-05-01T22:30:00Z", zone: "Europe/Rome" },
    "2026-05-02T07:00:00.000Z",
  ],
  [
    "an instant with an offset, two days off",
    { date: "2026-05-01T23:30:00-12:00", zone: "Pacific/Kiritimati" },
    "2026-05-02T19:00:00.000Z",
  ],
])("once: %s", (_name, given, expected) => {
  const span = (days: number) => new Date(Date.parse(expected) + days * 86_400_000).toISOString();
  expect(picked(given, [span(-1.5), span(1.5)])).toEqual([expected]);
});

test.each<[string, Case, [string, string], string[]]>([
  [
    "a time that the clock leaves out comes as much later as it jumps",
    { date: "2026-03-29", zone: "Europe/Rome", config: { at: "02:30" } },
    ["2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"],
    ["2026-03-29T01:30:00.000Z"],
  ],
  [
    "a time that the clock shows twice comes once",
    { date: "2026-10-25", zone: "Europe/Rome", config: { at: "02:30" } },
    ["2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"],
    ["2026-10-25T00:30:00.000Z"],
  ],
  [
    "a jump of half an hour",
    { date: "2026-10-04", zone: "Australia/Lord_Howe", config: { at: "02:15" } },
    ["2026-10-03T00:00:00Z", "2026-10-05T00:00:00Z"],
    ["2026-10-03T15:45:00.000Z"],
  ],
])("once: %s", (...[, given, span, expected]) => {
  expect(picked(given, span)).toEqual(expected);
});

const yearly = { repeat: "yearly" };

test.each<[string, string, object, string[]]>([
  ["every year", "1990-05-01", {}, ["2027-05-01", "2028-05-01"]],
  ["not before the date itself", "2028-05-01", {}, ["2028-05-01"]],
  ["over the turn of the year", "1990-01-02", { offsetDays: -3 }, ["2027-12-30", "2028-12-30"]],
  ["29 February, on the 28th", "1992-02-29", {}, ["2027-02-28", "2028-02-29"]],
  ["29 February, on 1 March", "1992-02-29", { leapDay: "03-01" }, ["2027-03-01", "2028-02-29"]],
  ["a day after 29 February", "1992-02-29", { offsetDays: 1 }, ["2027-03-01", "2028-03-01"]],
  ["28 February, as it is", "1992-02-28", {}, ["2027-02-28", "2028-02-28"]],
  ["the end of a month", "1990-01-31", { offsetDays: 30 }, ["2027-03-02", "2028-03-01"]],
])("yearly: %s", (...[, text, changes, days]) => {
  const config = { ...yearly, at: "12:00", ...changes };
  const instants = days.map((day) => `${day}T12:00:00.000Z`);
  const span: [string, string] = ["2027-01-10T12:00:00Z", "2028-12-31T12:00:00Z"];
  expect(picked({ date: text, zone: "UTC", config }, span, 86_400_000)).toEqual(instants);
});

test("tells the run which date it was, the day it starts on and how many years have gone by", () => {
  const window = { from: new Date("2026-04-28T08:45:00Z"), to: new Date("2026-04-28T09:00:00Z"), timeZone: "UTC" };
  const contact = sampleContact({ properties: { day: "1990-05-01" }, timeZone: null });
  expect(entry().picks.pick(configOf({ ...yearly, offsetDays: -3 }), contact, window)).toEqual({
    property: "day",
    date: "1990-05-01",
    on: "2026-04-28",
    years: 36,
  });
});

test.each([undefined, null, 5, "", "soon", "2026-02-30", "05-01"])("picks nobody by %j", (value) => {
  const window = { from: new Date("2026-04-01T00:00:00Z"), to: new Date("2026-06-01T00:00:00Z"), timeZone: "UTC" };
  const properties = value === undefined ? {} : { day: value };
  expect(entry().picks.pick(configOf(), sampleContact({ properties }), window)).toBeNull();
});

test.each([
  { property: "email" },
  { at: "9:00" },
  { offsetDays: 367 },
  { offsetDays: 0.5 },
  { leapDay: "02-29" },
  { repeat: "monthly" },
  { audience: {} },
])("refuses the configuration %j", (changes) => {
  expect(date.config.safeParse({ property: "day", ...changes }).success).toBe(false);
});

test("refuses an audience by anything but the contact", () => {
  const where = { field: "event.total", operator: "exists" };
  expect(date.check?.(configOf({ audience: { where } }), { stepNames: [] })).toMatchObject([
    { path: "audience.where" },
  ]);
});
