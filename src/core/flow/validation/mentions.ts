import { findOperator } from "../../condition/operators/index.ts";
import { isJsonObject } from "../../json.ts";
import { parsePath } from "../../path.ts";
import { references } from "../../template/fields.ts";

/** A variable that a configuration reads: its path from the root on, and where it stands. */
export type Mention = { variable: (string | number)[]; path: string; line?: number; column?: number };

/**
 * The variables that the templates and conditions inside a configuration read. A template that cannot be parsed has none: its kind says
 * what is wrong with it. The value must be JSON of a limited depth.
 */
export function mentionsIn(value: unknown, path: string): Mention[] {
  if (typeof value === "string") return mentionsInText(value, path);
  if (Array.isArray(value)) return value.flatMap((item, index) => mentionsIn(item, `${path}[${index}]`));
  if (!isJsonObject(value)) return [];
  if (isLeaf(value)) return mentionOf(value.field, `${path}.field`);
  return Object.entries(value).flatMap(([name, inner]) =>
    name === "untilDate" && isJsonObject(inner)
      ? mentionOf(inner.field, `${path}.untilDate.field`)
      : mentionsIn(inner, `${path}.${name}`),
  );
}

/** A comparison of a condition. */
function isLeaf({ field, operator }: Record<string, unknown>): boolean {
  return typeof field === "string" && typeof operator === "string" && findOperator(operator) !== undefined;
}

function mentionOf(field: unknown, path: string): Mention[] {
  const variable = typeof field === "string" ? parsePath(field) : null;
  return variable === null ? [] : [{ variable, path }];
}

function mentionsInText(text: string, path: string): Mention[] {
  try {
    return references(text).map(({ path: variable, line, column }) => ({ variable, path, line, column }));
  } catch {
    return [];
  }
}
