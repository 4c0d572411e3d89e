import { describe, expect, test } from "vitest";
import type { Contact } from "../core/contact.ts";
import { contactScope } from "../core/contact.ts";
import { noActivity } from "../core/flow/activity.ts";
import type { StepContext, StepKind, StepOutcome } from "../core/flow/step-kind.ts";
import type { JsonObject } from "../core/json.ts";
import { defaultSettings } from "../core/workspace-settings.ts";

/** What the suite tries a kind with: configurations that must work, and ones that must be refused at the named path. */
export type StepSamples = {
  good: { config: unknown; context?: Partial<StepContext> }[];
  bad: { config: unknown; path: string }[];
};

/** What every kind of step promises, whatever it does. */
export function describeStepKind(kind: StepKind, samples: StepSamples): void {
  describe(`${kind.name} keeps the contract of a step`, () => {
    test.each(samples.good)("takes and runs $config", ({ config, context }) => {
      const parsed = deepFreeze(kind.config.parse(config));
      const given = deepFreeze(stepContext(context));
      expect(kind.check?.(parsed, { stepNames: [given.step] }) ?? []).toEqual([]);
      const outcome = kind.run(parsed, given);
      expect(kind.run(parsed, given)).toEqual(outcome);
      expectOutcome(outcome, [...kind.exits(parsed), ...Object.keys(kind.leadsTo?.(parsed) ?? {})]);
    });

    test.each(samples.good)("reads its own configuration back from JSON: $config", ({ config }) => {
      const parsed = kind.config.parse(config);
      expect(kind.config.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
    });

    test.each(samples.bad)("refuses $config at $path", ({ config, path }) => {
      const parsed = kind.config.safeParse(config);
      const paths = parsed.success
        ? (kind.check?.(parsed.data, { stepNames: [] }) ?? []).map((issue) => issue.path)
        : issuePaths(parsed.error.issues);
      expect(paths).toContain(path);
    });
  });
}

type ZodIssueLike = { path: PropertyKey[]; code?: string; keys?: string[]; errors?: ZodIssueLike[][] };

function issuePaths(issues: readonly ZodIssueLike[], root: PropertyKey[] = []): string[] {
  return issues.flatMap(({ path, keys = [], errors = [] }) => {
    const at = [...root, ...path];
    return [
      at.join("."),
      ...keys.map((key) => [...at, key].join(".")),
      ...errors.flatMap((inner) => issuePaths(inner, at)),
    ];
  });
}

function expectOutcome(outcome: StepOutcome, exits: readonly string[]): void {
  expect(new Set(exits).size).toBe(exits.length);
  for (const exit of exits) expect(exit).toMatch(/^[a-z][a-z0-9_-]{0,63}$/);
  if (outcome.kind === "go") expect(exits).toContain(outcome.exit);
  if (outcome.kind !== "end") expect(exits.length).toBeGreaterThan(0);
  const { until, ...json } = { until: undefined, ...outcome };
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  if (until) expect(Number.isNaN(until.getTime())).toBe(false);
}

/** A contact with everything set, changed by `changes`. */
export function sampleContact(changes: Partial<Contact> = {}): Contact {
  return {
    id: "0190a000-0000-7000-8000-000000000001",
    lane: 1,
    workspaceId: "0190a000-0000-7000-8000-0000000000ff",
    externalId: "c-1",
    email: "ada@example.com",
    phone: "+393331234567",
    properties: { plan: "gold", renewalDate: "2026-05-01" },
    tags: ["vip"],
    lists: {},
    timeZone: "Europe/Rome",
    locale: "it",
    createdAt: new Date("2026-01-01T00:00:00Z"),
    ...changes,
  };
}

/** What a step sees, with `changes`; the scope shows the contact unless it is given. */
export function stepContext(
  changes: Partial<StepContext> = {},
  event: JsonObject = { orderId: "o-1", total: 12.5 },
): StepContext {
  const contact = changes.contact ?? sampleContact();
  return {
    step: "step",
    flowId: "flow-1",
    runId: "run-1",
    visit: 1,
    now: new Date("2026-03-01T12:00:00Z"),
    enteredAt: new Date("2026-03-01T12:00:00Z"),
    scope: {
      contact: contactScope(contact),
      event,
      run: { id: "run-1", startedAt: "2026-03-01T11:00:00.000Z" },
      steps: { loyalty: { body: { tier: "gold" } } },
      workspace: { id: contact.workspaceId, name: "Shop", timeZone: "UTC" },
    },
    answer: undefined,
    occurrence: undefined,
    waitUntil: null,
    abState: null,
    workspace: { id: contact.workspaceId, name: "Shop", timeZone: "UTC", settings: defaultSettings },
    activity: noActivity,
    ...changes,
    contact,
  };
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
