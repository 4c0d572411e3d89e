import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { definitionOf, registryWith } from "../../testing/flow-fixture.ts";
import { randomDefinition } from "../../testing/random-stories.ts";
import type { Json, JsonObject } from "../json.ts";
import { canonicalFlow, canonicalText } from "./canonical.ts";
import { compileFlow } from "./compile.ts";
import { validateFlow } from "./validate.ts";

const registry = registryWith();
const canonical = (definition: Json) => canonicalFlow(definition, registry);

/** What the engine makes of a definition: everything that can make a difference to a run. */
function meaning(definition: Json): unknown {
  const checked = validateFlow(definition, registry);
  if (!checked.ok) return checked.issues;
  const flow = compileFlow({ id: "f", workspaceId: "w", version: 1, status: "active" }, checked.definition, registry);
  const entries = flow.entries.map(({ name, kind, config, next }) => [name, kind.name, config, next]);
  const steps = [...flow.steps.values()].map(({ name, kind, config, exits }) => [name, kind.name, config, exits]);
  const { entries: _, steps: __, ...settings } = checked.definition;
  return { entries, steps, settings };
}

/** The same value with the fields of every object the other way round, as a database may give them back. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, inner]) => [name, reversed(inner)] as const)
      .reverse(),
  );
}

const wait = { kind: "wait", config: { for: { unit: "hours", amount: 1 } }, exits: { next: "mail" } };
const mail = {
  exits: { next: null },
  kind: "send-email",
  config: { to: "{{ contact.email }}", subject: "Hi", purpose: "marketing", html: "<p>Hi</p>" },
};

test("leaves out what defaults say, and keeps a fixed order of fields", () => {
  const flow = definitionOf({ wait, mail }, { reentry: { mode: "never" }, exitWhen: [], name: "Sample" });
  expect(JSON.stringify(canonical(flow))).toBe(
    JSON.stringify({
      schema: 1,
      name: "Sample",
      entries: { begin: { kind: "event", config: { event: "go" }, next: "wait" } },
      steps: {
        wait: { kind: "wait", config: { for: { amount: 1, unit: "hours" } }, exits: { next: "mail" } },
        mail: { kind: "send-email", config: { html: "<p>Hi</p>", subject: "Hi" }, exits: { next: null } },
      },
    }),
  );
});

test("puts steps in the order in which a run comes to them", () => {
  const end = { kind: "end", config: {} };
  const go = (next: string) => ({ kind: "update-contact", config: {}, exits: { next } });
  const flow = definitionOf({ z: go("b"), a: end, b: go("a"), unreached: end, other: end });
  expect(Object.keys((canonical(flow) as { steps: JsonObject }).steps)).toEqual(["z", "b", "a", "other", "unreached"]);
});

test("drafts that cannot be read stay as they are", () => {
  const draft = {
    name: "Half",
    steps: { a: { kind: "wait", config: { for: 7 } }, b: { kind: "nothing" }, c: 5 },
    more: 1,
  };
  expect(canonical(draft)).toEqual({
    ...draft,
    entries: {},
    steps: { ...draft.steps, b: { kind: "nothing", config: {} } },
  });
  expect(canonical("text")).toBe("text");
});

test("a random flow means the same in its canonical form, which does not depend on the order it was written in", () => {
  fc.assert(
    fc.property(randomDefinition, (flow) => {
      const short = canonical(flow);
      expect(meaning(short)).toEqual(meaning(flow));
      expect(canonicalText(reversed(flow), registry)).toBe(canonicalText(flow, registry));
      expect(canonicalText(short, registry)).toBe(canonicalText(flow, registry));
    }),
  );
});

const folder = new URL("../../../examples/flows/", import.meta.url);

test.each(readdirSync(folder))("the example %s means the same in its canonical form", (file) => {
  const flow = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Json;
  expect(meaning(canonical(flow))).toEqual(meaning(flow));
  expect(JSON.stringify(canonical(flow)).length).toBeLessThanOrEqual(JSON.stringify(flow).length);
});
