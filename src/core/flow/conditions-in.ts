import { type Condition, checkCondition } from "../condition/condition.ts";
import { isJsonObject } from "../json.ts";

/** The fields under which kinds of steps and entries keep conditions. Another name would have what it asks for left unloaded. */
const conditionFields = new Set(["when", "where", "if", "until", "unless", "condition"]);

/** Every condition in a definition, found by the name of the field that it is under. */
export function conditionsIn(definition: unknown): Condition[] {
  if (Array.isArray(definition)) return definition.flatMap(conditionsIn);
  if (!isJsonObject(definition)) return [];
  return Object.entries(definition).flatMap(([name, value]) =>
    conditionFields.has(name) && checkCondition(value).length === 0 ? [value as Condition] : conditionsIn(value),
  );
}
