import type { EventVariable, VariableType } from "../event-variables.ts";
import type { Json, JsonObject } from "../json.ts";

/** Whom samples are about. */
export const exampleContact = { email: "ada@example.com", phone: "+390612345678" } as const;

const examples: Record<VariableType, (name: string) => Json> = {
  string: (name) => `${name} value`.slice(0, 255),
  number: () => 123,
  date: () => "2026-03-01",
  structure: () => [
    { name: "First", price: 10.5 },
    { name: "Second", price: 20 },
  ],
};

/** The body of a call of an event with these variables. */
export function exampleEvent(variables: readonly EventVariable[]): JsonObject {
  const values = variables.map(({ name, type }): [string, Json] => [name, examples[type](name)]);
  return { ...exampleContact, ...Object.fromEntries(values) };
}
