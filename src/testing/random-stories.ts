import fc from "fast-check";
import type { JsonObject } from "../core/json.ts";

const stepNames = ["a", "b", "c", "d", "e"];
const target = fc.constantFrom(...stepNames, null);
const leads = <Exit extends string>(...exits: Exit[]) =>
  fc.record(Object.fromEntries(exits.map((exit) => [exit, target])) as Record<Exit, typeof target>);
const tag = fc.constantFrom("x", "y");

/** Steps of random flows. A kind that is to be tried in them gets one more. */
const steps: fc.Arbitrary<JsonObject>[] = [
  fc.record({
    kind: fc.constant("wait"),
    config: fc.integer({ min: 1, max: 4 }).map((amount) => ({ for: { amount, unit: "minutes" } })),
    exits: leads("next"),
  }),
  fc.record({
    kind: fc.constant("condition"),
    config: tag.map((value) => ({
      paths: [{ name: "yes", when: { field: "contact.tags", operator: "includes", value } }],
    })),
    exits: leads("yes", "else"),
  }),
  fc.record({
    kind: fc.constant("update-contact"),
    config: fc.constantFrom(
      { addTags: ["x"] },
      { addTags: ["y"], removeTags: ["x"] },
      { properties: { seen: "{{ run.eventName }}" } },
    ),
    exits: leads("next"),
  }),
  fc.record({
    kind: fc.constant("send-email"),
    config: fc.constant({ subject: "{{ contact.seen }} {{ run.now }}", html: "<p>Hi</p>" }),
    exits: leads("next"),
  }),
  fc.record({
    kind: fc.constant("http-action"),
    config: fc.constantFrom(
      { method: "POST", url: "https://example.com/good", save: [{ property: "seen", path: "body.word" }] },
      { method: "POST", url: "https://example.com/bad" },
    ),
    exits: leads("success", "error"),
  }),
  fc.constant({ kind: "end", config: {} }),
];
const step = fc.oneof(...steps);

const rules: fc.Arbitrary<unknown> = fc.record({
  reentry: fc.constantFrom(
    { mode: "never" },
    { mode: "always" },
    { mode: "always", whileRunning: "restart" },
    { mode: "always", whileRunning: "beside", key: "{{ event.key }}" },
    { mode: "after", span: { amount: 3, unit: "minutes" } },
  ),
  exitWhen: fc.constantFrom(
    [],
    [{ event: "stop" }],
    [{ when: { field: "contact.tags", operator: "includes", value: "y" } }],
  ),
});

/** A flow as JSON that starts on `go`, or on `other` for contacts with the tag x. Steps that nothing leads to are left out. */
export const randomFlow: fc.Arbitrary<JsonObject> = fc
  .record({ given: fc.tuple(step, step, step, step, step), changes: rules, second: fc.boolean() })
  .map(({ given, changes, second }) => {
    const where = { field: "contact.tags", operator: "includes", value: "x" };
    const entries = {
      begin: { kind: "event", config: { event: "go" }, next: "a" },
      ...(second ? { again: { kind: "event", config: { event: "other", where }, next: "b" } } : {}),
    };
    const all = Object.fromEntries(stepNames.map((name, index) => [name, given[index] ?? {}]));
    const steps = reached(all, second ? ["a", "b"] : ["a"]);
    return { schema: 1, name: "Random", entries, steps, ...(changes as JsonObject) } satisfies JsonObject;
  });

function reached(all: Record<string, JsonObject>, first: string[]): Record<string, JsonObject> {
  const found = new Set<string>();
  const open = [...first];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const { exits = {} } = all[name] as { exits?: Record<string, string | null> };
    open.push(...Object.values(exits).filter((to) => to !== null));
  }
  return Object.fromEntries(Object.entries(all).filter(([name]) => found.has(name)));
}

/** An event of a random story, so many minutes after its beginning. */
export type RandomEvent = { name: string; minute: number; payload: JsonObject; properties: JsonObject };

export const randomStory: fc.Arbitrary<RandomEvent[]> = fc
  .array(
    fc.record({
      name: fc.constantFrom("go", "go", "stop", "other"),
      minute: fc.nat({ max: 12 }),
      payload: fc.constantFrom({ key: "k1" }, { key: "k2" }, {}),
      properties: fc.constantFrom({}, {}, { seen: "outside" }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((events) => events.sort((one, other) => one.minute - other.minute));
