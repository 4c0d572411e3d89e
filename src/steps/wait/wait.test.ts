import { describe, expect, test } from "vitest";
import { describeStepKind, sampleContact, stepContext } from "../../testing/step-suite.ts";
import { wait } from "./run.ts";
import type { WaitConfig } from "./schema.ts";

describeStepKind(wait, {
  good: [
    { config: { for: { amount: 2, unit: "hours" } } },
    { config: { for: { amount: 1, unit: "months" } } },
    { config: { until: "2026-04-01T09:00:00+02:00" } },
    { config: { until: "2020-01-01" } },
    { config: { untilDate: { field: "contact.renewalDate" } } },
    { config: { untilDate: { field: "event.nope", offset: { amount: -3, unit: "days" }, at: "09:30" } } },
    { config: { within: "working-hours" } },
    {
      config: {
        for: { amount: 1, unit: "days" },
        within: { hours: [{ weekdays: ["monday"], from: "22:00", to: "02:00" }] },
      },
    },
  ],
  bad: [
    { config: { for: { amount: 0, unit: "hours" } }, path: "for.amount" },
    { config: { for: { amount: 1.5, unit: "hours" } }, path: "for.amount" },
    { config: { for: { amount: 1, unit: "fortnights" } }, path: "for.unit" },
    { config: { until: "tomorrow" }, path: "until" },
    { config: { until: "2026-02-30" }, path: "until" },
    { config: { untilDate: { field: "renewalDate" } }, path: "untilDate.field" },
    { config: { untilDate: { field: "contact" } }, path: "untilDate.field" },
    { config: { untilDate: { field: "contact.x", at: "25:00" } }, path: "untilDate.at" },
    { config: { for: { amount: 1, unit: "hours" }, until: "2026-04-01" }, path: "until" },
    { config: {}, path: "for" },
    { config: { within: "office-hours" }, path: "within" },
    { config: { within: { hours: [] } }, path: "within.hours" },
    { config: { within: { hours: [{ weekdays: [], from: "09:00", to: "12:00" }] } }, path: "within.hours.0.weekdays" },
    { config: { within: { hours: [{ weekdays: ["monday"], from: "9", to: "12:00" }] } }, path: "within.hours.0.from" },
  ],
});

describe("a span", () => {
  const twoHours: WaitConfig = { for: { amount: 2, unit: "hours" } };

  test("is counted from entering the step", () => {
    const context = stepContext({ enteredAt: new Date("2026-03-01T10:30:00Z"), now: new Date("2026-03-01T12:00:00Z") });
    expect(wait.run(twoHours, context)).toEqual({ kind: "wait", until: new Date("2026-03-01T12:30:00Z") });
  });

  test("lets go at the very instant it ends", () => {
    const context = stepContext({ enteredAt: new Date("2026-03-01T10:00:00Z"), now: new Date("2026-03-01T12:00:00Z") });
    expect(wait.run(twoHours, context)).toMatchObject({ kind: "go", exit: "next" });
  });

  test.each([
    ["the contact's", "Europe/Rome", "UTC", "2026-03-29T11:00:00.000Z"],
    ["the workspace's", null, "Europe/Rome", "2026-03-29T11:00:00.000Z"],
    ["the workspace's when the contact's is unknown", "Mars/Olympus", "Europe/Rome", "2026-03-29T11:00:00.000Z"],
    ["no", null, "Nowhere", "2026-03-29T12:00:00.000Z"],
  ])("of a day keeps the wall clock of %s zone", (...[, contactZone, workspaceZone, until]) => {
    const entered = new Date("2026-03-28T12:00:00Z");
    const base = stepContext({ contact: sampleContact({ timeZone: contactZone }), now: entered, enteredAt: entered });
    const context = { ...base, scope: { ...base.scope, workspace: { timeZone: workspaceZone } } };
    expect(wait.run({ for: { amount: 1, unit: "days" } }, context)).toEqual({ kind: "wait", until: new Date(until) });
  });
});

describe("a fixed instant", () => {
  test("is waited for", () => {
    const until = new Date("2026-04-01T07:00:00Z");
    expect(wait.run({ until: "2026-04-01T09:00:00+02:00" }, stepContext())).toEqual({ kind: "wait", until });
  });

  test("in the past lets the contact through at once", () => {
    expect(wait.run({ until: "2020-01-01" }, stepContext())).toMatchObject({ kind: "go", exit: "next" });
  });
});

describe("a date of the contact", () => {
  const rows: [string, WaitConfig, string][] = [
    ["midnight in its zone", { untilDate: { field: "contact.renewalDate" } }, "2026-04-30T22:00:00.000Z"],
    ["a time of day", { untilDate: { field: "contact.renewalDate", at: "09:30" } }, "2026-05-01T07:30:00.000Z"],
    [
      "days before",
      { untilDate: { field: "contact.renewalDate", at: "09:30", offset: { amount: -40, unit: "days" } } },
      "2026-03-22T08:30:00.000Z",
    ],
    [
      "hours after",
      { untilDate: { field: "contact.renewalDate", offset: { amount: 2, unit: "hours" } } },
      "2026-05-01T00:00:00.000Z",
    ],
  ];

  test.each(rows)("means %s", (_name, config, until) => {
    expect(wait.run(config, stepContext())).toEqual({ kind: "wait", until: new Date(until) });
  });

  test("can be an instant in the event", () => {
    const context = stepContext({}, { startsAt: "2026-06-01T20:00:00+02:00" });
    const until = new Date("2026-06-01T18:00:00Z");
    expect(wait.run({ untilDate: { field: "event.startsAt" } }, context)).toEqual({ kind: "wait", until });
  });

  test("that was moved while the run slept is waited for again", () => {
    const config: WaitConfig = { untilDate: { field: "contact.renewalDate", at: "09:00" } };
    const contact = sampleContact({ properties: { renewalDate: "2026-07-01" } });
    const now = new Date("2026-05-01T07:00:00Z");
    expect(wait.run(config, stepContext({ contact, now }))).toMatchObject({ kind: "wait" });
  });

  test.each([
    ["missing", {}, null],
    ["empty", { renewalDate: "" }, ""],
    ["unreadable", { renewalDate: "soon" }, "soon"],
    ["no text", { renewalDate: 5 }, "number"],
    ["null", { renewalDate: null }, null],
  ])("that is %s leads to the exit missing", (_name, properties, found) => {
    const context = stepContext({ contact: sampleContact({ properties }) });
    expect(wait.run({ untilDate: { field: "contact.renewalDate" } }, context)).toEqual({
      kind: "go",
      exit: "missing",
      detail: { field: "contact.renewalDate", found },
    });
  });
});
