import { expect, test } from "vitest";
import { definitionOf, registryWith } from "../../../testing/flow-fixture.ts";
import type { JsonObject } from "../../json.ts";
import { validateFlow } from "../validate.ts";

const end = { kind: "end", config: {} };
const tag = (next: string | null, name = "a") => ({
  kind: "update-contact",
  config: { addTags: [name] },
  exits: { next },
});
function problems(steps: JsonObject, changes: JsonObject = {}): [string, string][] {
  const checked = validateFlow(definitionOf(steps, changes), registryWith());
  return checked.ok ? [] : checked.issues.map(({ path, message }) => [path, message]);
}

test("an entry without its rule is told with the field that is missing", () => {
  const entries = { begin: { kind: "event", config: {}, next: "a" } };
  expect(problems({ a: end }, { entries }).map(([path]) => path)).toEqual(["entries.begin.config.event"]);
});

test("what is wrong with the graph is told beside a rule that is wrong in form", () => {
  const found = problems({ a: tag("a"), b: end }, { reentry: { mode: "often" } }).map(([path]) => path);
  expect(found).toEqual(["reentry.mode", "steps.b", "steps.a"]);
});

test.each([0, 10_001, 1.5, "many"])("a flow may not take %j steps at most", (maxSteps) => {
  expect(problems({ a: end }, { maxSteps } as JsonObject).map(([path]) => path)).toEqual(["maxSteps"]);
});
