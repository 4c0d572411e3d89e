import fc from "fast-check";
import type { JsonObject } from "../core/json.ts";
import { randomFlow, soundFlow } from "./random-flows.ts";

const reentry = fc.constantFrom(
  { mode: "never" },
  { mode: "always" },
  { mode: "always", whileRunning: "restart" },
  { mode: "always", whileRunning: "beside", key: "{{ event.key }}" },
  { mode: "after", span: { amount: 3, unit: "minutes" } },
);

const second = fc.constantFrom(
  null,
  { kind: "event", config: { event: "other" } },
  { kind: "property-changed", config: { property: "seen", alsoWhenSetAgain: true } },
  { kind: "tag-changed", config: { tag: "a", change: "added" } },
);

/** A flow as JSON that can run, made of every kind of step. It starts on `go`, and at times by something else too. */
export const randomDefinition: fc.Arbitrary<JsonObject> = fc
  .record({ spec: randomFlow, reentry, second })
  .map(({ spec, reentry: rule, second: entry }) => {
    // What wins an A/B test is decided over many contacts, so one contact's story cannot tell.
    const steps = spec.steps.map((step) => (step["kind"] === "ab-test" ? { kind: "end", config: {} } : step));
    const { definition } = soundFlow({ ...spec, steps });
    const [first = ""] = Object.keys(definition.steps);
    const entries = { ...definition.entries, ...(entry === null ? {} : { again: { ...entry, next: first } }) };
    return JSON.parse(JSON.stringify({ ...definition, name: "Random", entries, reentry: rule })) as JsonObject;
  });

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
