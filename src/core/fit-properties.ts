import type { Issue } from "./errors.ts";
import type { JsonObject } from "./json.ts";
import { type ListField, readFieldValue } from "./list-field.ts";

/** The properties, with those that are fields of a list as the field keeps them. Issues name the property. */
export function fitProperties(
  properties: JsonObject,
  fields: readonly ListField[],
): { properties: JsonObject; issues: Issue[] } {
  const byPlaceholder = new Map(fields.map((field) => [field.placeholder, field]));
  const issues: Issue[] = [];
  const fitted = Object.entries(properties).map(([name, value]) => {
    const field = byPlaceholder.get(name);
    const read = field ? readFieldValue(field, value) : ({ ok: true, value } as const);
    if (!read.ok) issues.push({ path: name, message: read.message });
    return [name, read.ok ? read.value : null] as const;
  });
  return { properties: Object.fromEntries(fitted), issues };
}
