import { expect, test } from "vitest";
import { whatIsDue } from "../../core/flow/due.ts";
import { occurrence } from "../../testing/flow-fixture.ts";
import { stepContext } from "../../testing/step-suite.ts";
import { schedule } from "./run.ts";

const everyone = { where: { field: "contact.plan", operator: "exists" } };
const configOf = (changes: object = {}) =>
  schedule.config.parse({ cron: "30 9 * * *", audience: everyone, ...changes });

function nextAt(changes: object, after: string, timeZone = "UTC") {
  return schedule.schedule?.nextAt(configOf(changes), { after: new Date(after), timeZone })?.toISOString();
}

test.each([
  ["30 9 * * *", "UTC", "2026-03-01T09:30:00Z", "2026-03-02T09:30:00.000Z"],
  ["30 9 * * *", "Europe/Rome", "2026-03-28T12:00:00Z", "2026-03-29T07:30:00.000Z"],
  // 02:30 does not exist on that day, and is made up for at the jump; it comes twice in autumn, and counts once.
  ["30 2 * * *", "Europe/Rome", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00.000Z"],
  ["30 2 * * *", "Europe/Rome", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00.000Z"],
  ["0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00.000Z"],
  ["0 12 29 2 *", "America/New_York", "2026-01-01T00:00:00Z", "2028-02-29T17:00:00.000Z"],
  ["*/15 * * * *", "Asia/Kathmandu", "2026-03-01T00:00:00Z", "2026-03-01T00:15:00.000Z"],
])("%s in %s comes after %s at %s", (...[cron, timeZone, after, expected]) => {
  expect(nextAt({ cron, timeZone }, after)).toBe(expected);
});

test("goes by the zone of the workspace when it has none of its own", () => {
  expect(nextAt({}, "2026-03-01T00:00:00Z", "Asia/Tokyo")).toBe("2026-03-01T00:30:00.000Z");
});

const hour = 3_600_000;

test.each([
  { to: "09:30:00", start: ["09:30:00", "09:30:00"], skipped: null },
  { to: "10:10:00", start: ["09:30:00", "10:00:00"], skipped: null },
  { to: "14:20:00", start: ["09:30:00", "14:00:00"], skipped: null },
])("every half hour, looked at again at $to, starts once for the newest", ({ to, start, skipped }) => {
  const at = (time: string) => new Date(`2026-03-02T${time}Z`);
  const entry = schedule.schedule;
  if (!entry) throw new Error("The kind has no schedule.");
  const due = whatIsDue(entry, configOf({ cron: "*/30 * * * *" }), {
    ...{ nextAt: at("09:30:00"), seenAt: at("09:00:00"), now: at(to), timeZone: "UTC", graceMs: hour },
  });
  expect(due).toMatchObject({ start: { from: at(start[0] ?? ""), to: at(start[1] ?? "") }, skipped });
  expect(due.nextAt?.getTime()).toBeGreaterThan(at(to).getTime());
});

test.each([
  [hour, true],
  [hour + 1, false],
])("one that is %i ms late starts: %s", (late, starts) => {
  const nextAt = new Date("2026-03-02T09:30:00Z");
  const now = new Date(nextAt.getTime() + late);
  const entry = schedule.schedule;
  if (!entry) throw new Error("The kind has no schedule.");
  const due = whatIsDue(entry, configOf(), { nextAt, seenAt: nextAt, now, timeZone: "UTC", graceMs: hour });
  expect(due.start !== null).toBe(starts);
  expect(due.skipped !== null).toBe(!starts);
  expect(due.nextAt).toEqual(new Date("2026-03-03T09:30:00Z"));
});

test("takes only starts made for it", () => {
  const { scope, now } = stepContext();
  const accepts = (entry: string | undefined) =>
    schedule.accepts(
      configOf(),
      occurrence({ name: "$start:f", target: { flowId: "f", ...(entry === undefined ? {} : { entry }) } }),
      { entry: "weekly", scope, now },
    );
  expect(accepts("weekly")).toEqual({ admit: true });
  expect(accepts("other")).toEqual({ admit: false, reason: "other_entry" });
  expect(accepts(undefined)).toEqual({ admit: false, reason: "other_entry" });
});

test.each([
  { cron: "30 9 * *" },
  { cron: "0 0 30 2 *" },
  { cron: "61 * * * *" },
  { timeZone: "Rome" },
  { audience: {} },
  { audience: { list: "x" } },
  { audience: { where: { field: "contact.plan", operator: "odd" } } },
  { audience: { list: "0190a000-0000-7000-8000-0000000000ff", where: everyone.where } },
])("refuses the configuration %j", (changes) => {
  expect(schedule.config.safeParse({ cron: "30 9 * * *", audience: everyone, ...changes }).success).toBe(false);
});

test("refuses a condition on anything but the contact, and variables that are too large to go with every start", () => {
  const where = { field: "event.total", operator: "exists" };
  const config = configOf({ audience: { where }, variables: { text: "x".repeat(20_000) } });
  expect(schedule.check?.(config, { stepNames: [] }).map(({ path }) => path)).toEqual(["audience.where", "variables"]);
});
