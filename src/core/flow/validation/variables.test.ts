import { describe, expect, test } from "vitest";
import { definitionOf, registryWith } from "../../../testing/flow-fixture.ts";
import type { JsonObject } from "../../json.ts";
import { validateFlow } from "../validate.ts";

const end = { kind: "end", config: {} };
const wait = (next: string | null) => ({
  kind: "wait",
  config: { for: { amount: 1, unit: "hours" } },
  exits: { next },
});
const call = (next: string | null) => ({
  kind: "http-action",
  config: { method: "GET", url: "https://example.com/" },
  exits: { success: next, error: next },
});
const goal = (next: string | null, config: JsonObject = { event: "won" }) => ({
  kind: "goal",
  config,
  exits: { next },
});
const set = (name: string, next: string | null) => ({
  kind: "set-variable",
  config: { variables: { [name]: 1 } },
  exits: { next },
});
const when = (field: string, next: string | null = null) => ({
  kind: "condition",
  config: { paths: [{ name: "yes", when: { and: [{ field, operator: "exists" }] } }] },
  exits: { yes: next, else: next },
});

function problems(steps: JsonObject, changes: JsonObject = {}): [string, string][] {
  const checked = validateFlow(definitionOf(steps, changes), registryWith());
  return checked.ok ? [] : checked.issues.map(({ path, message }) => [path, message]);
}

describe("a variable", () => {
  const mail = (text: string, next: string | null = null) => ({
    kind: "send-email",
    config: { subject: text, html: "x" },
    exits: { next },
  });

  test.each<[string, JsonObject, JsonObject?]>([
    ["the answer of a step before", { a: call("b"), b: when("steps.a.body.tier") }],
    ["the answer of a step that is not next before", { a: call("b"), b: wait("c"), c: mail("{{ steps.a.status }}") }],
    ["the answer of a step later in the loop", { a: mail("{{ steps.c.status }}", "b"), b: wait("c"), c: call("a") }],
    [
      "any answer in a goal",
      { a: call("c"), c: wait(null), g: goal(null, { when: { field: "steps.a.x", operator: "exists" } }) },
    ],
    [
      "an answer in an exit rule",
      { a: call(null) },
      { exitWhen: [{ when: { field: "steps.a.x", operator: "exists" } }] },
    ],
    ["a variable that a step sets", { a: set("total", "b"), b: mail("{{ run.total }}") }],
    ["what every run has", { a: mail("{{ run.id }}{{ run.now }}{{ workspace.name }}{{ 'now' | date: '%Y' }}") }],
    ["the whole of a root, or a computed name", { a: mail("{{ run[event.x] }}{{ steps[event.x] }}") }],
    [
      "the event of an exit rule",
      { a: wait(null) },
      { exitWhen: [{ event: "x", where: { field: "run.event.id", operator: "exists" } }] },
    ],
    ["the event in the key", { a: end }, { reentry: { mode: "always", key: "{{ event.id }}{{ run.eventName }}" } }],
    ["anything of the contact and of the event", { a: mail("{{ contact.whatever }}{{ event.what.ever }}") }],
    ["a name that the template itself makes", { a: mail("{% assign x = event.y %}{{ x }}") }],
  ])("may be %s", (_name, steps, changes) => {
    expect(problems(steps, changes)).toEqual([]);
  });

  test.each<[string, JsonObject, JsonObject, string, RegExp]>([
    ["a step that is not there", { a: mail("{{ steps.b.x }}") }, {}, "steps.a.config.subject", /there is no step "b"/],
    [
      "a step that comes after",
      { a: when("steps.b.x", "b"), b: call(null) },
      {},
      "steps.a.config.paths[0].when.and[0].field",
      /"b" cannot have run before/,
    ],
    [
      "the step itself, which is in no loop",
      { a: mail("{{ steps.a.x }}") },
      {},
      "steps.a.config.subject",
      /"a" cannot have run/,
    ],
    [
      "a step on another way",
      {
        a: when("contact.x", "b"),
        b: when("contact.y", "c"),
        c: { ...call(null), exits: { success: null, error: "d" } },
        d: end,
        e: mail("{{ steps.c.x }}"),
      },
      {
        entries: {
          one: { kind: "event", config: { event: "go" }, next: "a" },
          two: { kind: "event", config: { event: "go" }, next: "e" },
        },
      },
      "steps.e.config.subject",
      /"c" cannot have run/,
    ],
    [
      "a variable that nothing sets",
      { a: mail("{{ run.total }}") },
      {},
      "steps.a.config.subject",
      /no step of the flow sets run.total/,
    ],
    [
      "a field that no workspace has",
      { a: mail("{{ workspace.vat }}") },
      {},
      "steps.a.config.subject",
      /no workspace\.vat/,
    ],
    [
      "an answer in the key",
      { a: call(null) },
      { reentry: { mode: "always", key: "{{ steps.a.x }}" } },
      "reentry.key",
      /no step has run/,
    ],
    [
      "a run in the key",
      { a: end },
      { reentry: { mode: "always", key: "{{ run.id }}" } },
      "reentry.key",
      /there is no run/,
    ],
    [
      "a run in an entry",
      { a: end },
      {
        entries: {
          begin: { kind: "event", config: { event: "go", where: { field: "run.key", operator: "exists" } }, next: "a" },
        },
      },
      "entries.begin.config.where.field",
      /there is no run/,
    ],
    [
      "a missing step in an exit rule",
      { a: end },
      { exitWhen: [{ when: { field: "steps.z.x", operator: "exists" } }] },
      "exitWhen[0].when.field",
      /no step "z"/,
    ],
    [
      "the date of a wait",
      { a: { kind: "wait", config: { untilDate: { field: "run.due" } }, exits: { next: null, missing: null } } },
      {},
      "steps.a.config.untilDate.field",
      /sets run.due/,
    ],
    [
      "a header of a call",
      {
        a: { ...call(null), config: { method: "GET", url: "https://example.com/", headers: { "x-a": "{{ run.a }}" } } },
      },
      {},
      "steps.a.config.headers.x-a",
      /sets run.a/,
    ],
  ])("cannot be %s", (...[, steps, changes, path, message]) => {
    expect(problems(steps, changes)).toEqual([[path, expect.stringMatching(message)]]);
  });

  test("is told with its line and column in a template", () => {
    const checked = validateFlow(definitionOf({ a: mail("a\n {{ run.x }}") }), registryWith());
    expect(checked).toMatchObject({ issues: [{ line: 2, column: expect.any(Number) }] });
  });
});
