import { isJsonObject, type Json } from "./json.ts";

const segmentPattern = /([^.[\]]+)|\[(\d+)\]/gy;
const maxSegments = 32;

/**
 * Splits a field path such as `order.items[0].sku` into its segments (`["order", "items", 0, "sku"]`).
 * A leading `$.` (JSONPath, RFC 9535) is allowed. Returns null when the text is no such path.
 */
export function parsePath(path: string): (string | number)[] | null {
  const text = path.startsWith("$.") ? path.slice(2) : path;
  const segments: (string | number)[] = [];
  let at = 0;
  while (at < text.length) {
    if (segments.length > 0 && text[at] === ".") at += 1;
    segmentPattern.lastIndex = at;
    const match = segmentPattern.exec(text);
    if (!match || segments.length === maxSegments) return null;
    segments.push(match[1] ?? Number(match[2]));
    at = segmentPattern.lastIndex;
  }
  return segments.length === 0 || text.endsWith(".") ? null : segments;
}

/** The value at `path` inside `root`, or undefined when any part of the way is missing. Own properties only. */
export function readPath(root: Json, path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = root;
  for (const segment of path) {
    if (typeof segment === "number") value = Array.isArray(value) ? value[segment] : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}
