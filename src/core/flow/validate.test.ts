import { describe, expect, test } from "vitest";
import { definitionOf, registryWith } from "../../testing/flow-fixture.ts";
import type { Issue } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { flowLimits } from "./definition.ts";
import { validateFlow } from "./validate.ts";

const end = { kind: "end", config: {} };
const badTemplate = { kind: "update-contact", config: { addTags: ["ok", "a\n {% if %}"] }, exits: { next: null } };

function issuesOf(value: unknown): Issue[] {
  const checked = validateFlow(value, registryWith());
  return checked.ok ? [] : checked.issues;
}

function paths(value: unknown): string[] {
  return issuesOf(value).map(({ path }) => path);
}

function many(count: number): JsonObject {
  const steps = Array.from({ length: count }, (_, index) => [
    `s${index}`,
    { kind: "odd", config: {}, exits: { next: index + 1 < count ? `s${index + 1}` : null } },
  ]);
  return Object.fromEntries(steps);
}

function entries(count: number): JsonObject {
  const entry = { kind: "event", config: { event: "go" }, next: "done" };
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`e${index}`, entry]));
}

test("a sound flow comes back with its defaults filled in", () => {
  const checked = validateFlow({ schema: 1, name: "A", entries: entries(1), steps: { done: end } }, registryWith());
  expect(checked).toMatchObject({
    ok: true,
    definition: { reentry: { mode: "never" }, exitWhen: [], steps: { done: { exits: {} } } },
  });
});

test.each([1, flowLimits.steps])("%i steps in a row are sound", (count) => {
  expect(issuesOf(definitionOf(many(count)))).toEqual([]);
});

describe("names the place and the rule of", () => {
  test.each<[string, JsonObject, string, RegExp]>([
    [
      "an unknown kind of step",
      definitionOf({ a: { kind: "fly", config: {} } }),
      "steps.a.kind",
      /"fly" is not a kind; there are .*wait/,
    ],
    [
      "a kind named like a property of every object",
      definitionOf({ a: { kind: "constructor", config: {} } }),
      "steps.a.kind",
      /not a kind/,
    ],
    [
      "an unknown kind of entry",
      definitionOf({ done: end }, { entries: { a: { kind: "door", config: {}, next: "done" } } }),
      "entries.a.kind",
      /not a kind/,
    ],
    [
      "a missing exit",
      definitionOf({ a: { kind: "odd", config: {} } }),
      "steps.a.exits.next",
      /must lead to a step, or to null/,
    ],
    [
      "a surplus exit",
      definitionOf({ a: { kind: "odd", config: {}, exits: { next: null, up: null } } }),
      "steps.a.exits.up",
      /this step has next/,
    ],
    [
      "an exit of a step that has none",
      definitionOf({ a: { ...end, exits: { next: null } } }),
      "steps.a.exits.next",
      /"end" has no exits/,
    ],
    [
      "an exit to nowhere",
      definitionOf({ a: { kind: "odd", config: {}, exits: { next: "b" } } }),
      "steps.a.exits.next",
      /no step "b"/,
    ],
    [
      "an entry to nowhere",
      definitionOf({ done: end }, { entries: { a: { kind: "event", config: { event: "go" }, next: "b" } } }),
      "entries.a.next",
      /no step "b"/,
    ],
    ["a step that no entry leads to", definitionOf({ done: end, lost: end }), "steps.lost", /no entry leads to/],
    ["no steps", definitionOf({}, { entries: {} }), "steps", /at least one/],
    ["no entries", definitionOf({ done: end }, { entries: {} }), "entries", /at least one/],
    ["too many steps", definitionOf(many(flowLimits.steps + 1)), "steps", /at most 200, has 201/],
    ["too many entries", definitionOf({ done: end }, { entries: entries(21) }), "entries", /at most 20, has 21/],
    [
      "a bad configuration",
      definitionOf({ a: { kind: "wait", config: { for: { amount: 0, unit: "hours" } }, exits: { next: null } } }),
      "steps.a.config.for.amount",
      /./,
    ],
    ["an unknown field", definitionOf({ done: { ...end, colour: "red" } }), "steps.done.colour", /not a known field/],
    ["a bad name of a step", definitionOf({ "No Good": end }), "steps.No Good", /must start with a letter/],
    [
      "a bad condition in an exit rule",
      definitionOf(
        { done: end },
        { exitWhen: [{ event: "x" }, { when: { field: "contact.a", operator: "is-sort-of" } }] },
      ),
      "exitWhen[1].when.operator",
      /not known/,
    ],
    [
      "a bad condition in an entry",
      definitionOf(
        { done: end },
        {
          entries: {
            a: {
              kind: "event",
              config: { event: "go", where: { field: "nobody.a", operator: "exists" } },
              next: "done",
            },
          },
        },
      ),
      "entries.a.config.where.field",
      /./,
    ],
    [
      "a bad template in the key of re-entry",
      definitionOf({ done: end }, { reentry: { mode: "always", key: "{{ event.id" } }),
      "reentry.key",
      /not closed/,
    ],
    ["an unknown mode of re-entry", definitionOf({ done: end }, { reentry: { mode: "often" } }), "reentry.mode", /./],
    [
      "too many exit rules",
      definitionOf({ done: end }, { exitWhen: Array.from({ length: 21 }, () => ({ event: "x" })) }),
      "exitWhen",
      /20/,
    ],
    ["another form of flows", { ...definitionOf({ done: end }), schema: 2 }, "schema", /1/],
    ["no name", { ...definitionOf({ done: end }), name: "" }, "name", /./],
  ])("%s", (...[, definition, path, message]) => {
    const found = issuesOf(definition).find((issue) => issue.path === path);
    expect(found?.message, JSON.stringify(issuesOf(definition))).toMatch(message);
  });

  test("a bad template, with its line and column", () => {
    expect(issuesOf(definitionOf({ a: badTemplate }))).toMatchObject([
      { path: "steps.a.config.addTags[1]", line: 2, column: expect.any(Number) },
    ]);
  });
});

test.each([null, 5, "flow", [], {}, { steps: [], entries: null }, { steps: { a: 1 }, entries: { b: null } }])(
  "%j is no flow, and says so",
  (value) => {
    expect(issuesOf(value).length).toBeGreaterThan(0);
  },
);

test("tells all problems at once", () => {
  const definition = definitionOf(
    { a: badTemplate, b: { kind: "fly", config: {} }, c: { kind: "odd", config: {}, exits: { up: "d" } } },
    { reentry: { mode: "always", key: "{% if %}" }, entries: { begin: { kind: "event", config: {}, next: "z" } } },
  );
  expect(paths(definition).toSorted()).toEqual(
    [
      ...["entries.begin.config.event", "entries.begin.next", "reentry.key"],
      ...["steps.a", "steps.a.config.addTags[1]", "steps.b", "steps.b.kind"],
      ...["steps.c", "steps.c.exits.next", "steps.c.exits.up", "steps.c.exits.up"],
    ].toSorted(),
  );
});

test("tells the problems inside sound nodes also when the flow is broken in form elsewhere", () => {
  const definition = definitionOf(
    { a: badTemplate, b: { kind: 7, config: {} }, c: { kind: "odd", config: {} } },
    { exitWhen: [{ when: {} }], entries: { begin: { kind: "door", config: {}, next: "a" } } },
  );
  expect(paths(definition).toSorted()).toEqual(
    [
      "entries.begin.kind",
      "exitWhen[0].when",
      "steps.a.config.addTags[1]",
      "steps.b.kind",
      "steps.c.exits.next",
    ].toSorted(),
  );
});
