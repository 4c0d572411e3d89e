import type { Issue } from "./errors.ts";
import type { Json } from "./json.ts";
import { findJsonProblems } from "./json-problems.ts";
import { findJsonError, type JsonSyntaxError } from "./json-syntax.ts";

export type ParsedJson =
  | { ok: true; value: Json }
  | { ok: false; reason: "syntax"; error: JsonSyntaxError }
  | { ok: false; reason: "content"; issues: Issue[] };

/**
 * Reads JSON text (RFC 8259) that came from outside. Refused with the place: broken syntax, and what could do harm or could not be
 * kept (see `findJsonProblems`). Never throws.
 */
export function parseJson(text: string): ParsedJson {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  let value: Json;
  try {
    value = JSON.parse(source);
  } catch {
    return { ok: false, reason: "syntax", error: findJsonError(source) };
  }
  // Well-formed UTF-8 brings NUL and halves of surrogate pairs only as escapes, so most bodies need no look at their texts.
  const issues = findJsonProblems(value, { checkText: source.includes("\\u") });
  return issues.length === 0 ? { ok: true, value } : { ok: false, reason: "content", issues };
}
