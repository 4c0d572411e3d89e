import { describe, expect, test } from "vitest";
import { defaultSettings } from "../../core/workspace-settings.ts";
import { sampleContact, stepContext } from "../../testing/step-suite.ts";
import { wait } from "./run.ts";
import type { WaitConfig } from "./schema.ts";

const mornings: WaitConfig = {
  within: { hours: [{ weekdays: ["monday", "tuesday"], from: "09:00", to: "12:00" }], skipHolidays: false },
};

type At = { now: string; enteredAt?: string; timeZone?: string | null; holidays?: string[]; workspaceZone?: string };

/** What the step does in this moment: the instant it waits for, or its exit. */
function outcome(
  config: WaitConfig,
  { now, enteredAt = now, timeZone = "Europe/Rome", holidays = [], workspaceZone = "UTC" }: At,
) {
  const base = stepContext({
    contact: sampleContact({ timeZone }),
    now: new Date(now),
    enteredAt: new Date(enteredAt),
  });
  const workspace = { ...base.workspace, timeZone: workspaceZone, settings: { ...defaultSettings, holidays } };
  const did = wait.run(wait.config.parse(config), { ...base, workspace });
  if (did.kind === "wait") return did.until?.toISOString();
  return did.kind === "go" ? did.exit : did.kind;
}

describe("hours in the contact's zone", () => {
  test.each<[string, At, string]>([
    // 2 March 2026 is a Monday; Rome is an hour ahead of UTC until 29 March.
    ["let through while they are open", { now: "2026-03-02T08:00:00Z" }, "next"],
    ["are waited for before they open", { now: "2026-03-02T07:59:59Z" }, "2026-03-02T08:00:00.000Z"],
    ["are shut at their end", { now: "2026-03-02T11:00:00Z" }, "2026-03-03T08:00:00.000Z"],
    ["are waited for over the week", { now: "2026-03-03T11:00:00Z" }, "2026-03-09T08:00:00.000Z"],
    ["keep the wall clock over summer time", { now: "2026-03-28T12:00:00Z" }, "2026-03-30T07:00:00.000Z"],
    [
      "go by the contact's own zone",
      { now: "2026-03-02T08:00:00Z", timeZone: "America/New_York" },
      "2026-03-02T14:00:00.000Z",
    ],
    [
      "go by the workspace's zone without one",
      { now: "2026-03-02T08:00:00Z", timeZone: null },
      "2026-03-02T09:00:00.000Z",
    ],
    [
      "are open on holidays unless they are to be skipped",
      { now: "2026-03-02T08:00:00Z", holidays: ["03-02"] },
      "next",
    ],
  ])("%s", (_name, at, expected) => {
    expect(outcome(mornings, at)).toBe(expected);
  });

  test("can leave out the workspace's holidays", () => {
    const config: WaitConfig = {
      within: { hours: [{ weekdays: ["monday"], from: "09:00", to: "12:00" }], skipHolidays: true },
    };
    expect(outcome(config, { now: "2026-03-02T08:00:00Z", holidays: ["03-02"] })).toBe("2026-03-09T08:00:00.000Z");
  });
});

describe("the workspace's working hours", () => {
  const config: WaitConfig = { within: "working-hours" };

  test.each<[string, At, string]>([
    [
      "go by the workspace's zone",
      { now: "2026-03-02T07:30:00Z", workspaceZone: "Europe/Rome" },
      "2026-03-02T08:00:00.000Z",
    ],
    ["pass over the weekend", { now: "2026-03-06T18:00:00Z" }, "2026-03-09T09:00:00.000Z"],
    ["pass over holidays", { now: "2026-12-24T18:00:00Z", holidays: ["12-25"] }, "2026-12-28T09:00:00.000Z"],
    ["let through while they are open", { now: "2026-03-02T17:59:59Z" }, "next"],
  ])("%s", (_name, at, expected) => {
    expect(outcome(config, at)).toBe(expected);
  });

  test("that never open end the run with the reason", () => {
    const everyDay = Array.from({ length: 366 }, (_, day) =>
      new Date(Date.UTC(2000, 0, 1 + day)).toISOString().slice(5, 10),
    );
    expect(outcome(config, { now: "2026-03-02T07:30:00Z", holidays: everyDay })).toBe("fail");
  });
});

describe("a span and then hours", () => {
  const config: WaitConfig = { for: { amount: 1, unit: "days" }, ...mornings };
  const enteredAt = "2026-03-01T20:00:00Z";

  test("are one wait, until the hours after the span", () => {
    expect(outcome(config, { enteredAt, now: enteredAt })).toBe("2026-03-03T08:00:00.000Z");
    expect(outcome(config, { enteredAt, now: "2026-03-03T08:00:00Z" })).toBe("next");
  });

  test("hold a run that wakes too late until the next hours", () => {
    expect(outcome(config, { enteredAt, now: "2026-03-03T13:00:00Z" })).toBe("2026-03-09T08:00:00.000Z");
  });
});

test.each<[WaitConfig, boolean]>([
  [{ for: { amount: 1, unit: "hours" } }, true],
  [{ untilDate: { field: "contact.renewalDate" } }, true],
  [{ until: "2026-04-01" }, false],
  [mornings, false],
])("%j rests in a loop: %s", (config, pauses) => {
  expect(wait.pauses?.(config)).toBe(pauses);
});
