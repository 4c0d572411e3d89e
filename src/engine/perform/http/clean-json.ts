import { isJsonObject, type Json } from "../../../core/json.ts";

const maxDepth = 200;
// PostgreSQL's jsonb can hold neither of these.
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what must go.
const notStorable = /\u0000|\p{Surrogate}/gu;
// Any half of a pair, also of a whole one, and what only a parser other than JSON's lets in.
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for.
const suspicious = /[\u0000\ud800-\udfff]/;

/** Removes from a text what PostgreSQL cannot keep: NUL and lone surrogates. */
export function cleanText(text: string): string {
  return suspicious.test(text) ? text.replace(notStorable, "") : text;
}

/** Makes a parsed value storable JSON: cleans keys and texts, turns what JSON cannot say into null. Throws when it is nested deeper than 200. */
export function cleanJson(value: unknown): Json {
  return isStorable(value, 0) ? (value as Json) : cleaned(value, 0);
}

/** A quick look that spares nearly every answer the copy; it may say no to what is in order. */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === "string") return !suspicious.test(value);
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "boolean" || value === null) return true;
  if (typeof value !== "object" || depth === maxDepth) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1));
  for (const name of Object.keys(value)) {
    if (suspicious.test(name) || !isStorable((value as Record<string, unknown>)[name], depth + 1)) return false;
  }
  return true;
}

function cleaned(value: unknown, depth: number): Json {
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "boolean") return value;
  if (typeof value === "bigint") return String(value);
  if (depth === maxDepth) throw new Error(`It is nested more than ${maxDepth} levels deep.`);
  if (Array.isArray(value)) return value.map((item) => cleaned(item, depth + 1));
  if (!isJsonObject(value)) return null;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [cleanText(name), cleaned(child, depth + 1)]));
}
