import { analyzeSync, type Variable } from "liquidjs";
import type { JsonObject } from "../json.ts";
import { isJsonObject } from "../json.ts";
import { compileTemplate } from "./compile.ts";
import { leastRecent } from "./least-recent.ts";
import { cacheLimits } from "./limits.ts";

/** One variable that a template reads: the parts of its path that are fixed (from the root on), and where it stands. */
export type Reference = { path: (string | number)[]; line: number; column: number };

const referenceCache = leastRecent<Reference[]>(cacheLimits);
const impliedByDate = ["contact.timeZone", "workspace.timeZone", "run.now"].map(
  (path): Reference => ({ path: path.split("."), line: 1, column: 1 }),
);

/** The dotted paths that a template reads, as far as they are fixed. Throws a TemplateError when it cannot be parsed. */
export function templateFields(source: string): string[] {
  return [...new Set(references(source).map(({ path }) => path.join(".")))];
}

/**
 * The smallest part of the scope that the templates need, cut at the second name (`contact.email`, `steps.loyalty`).
 * A root that is read as a whole, or by a computed name, comes whole.
 */
export function pickScope(scope: JsonObject, sources: readonly string[]): JsonObject {
  const picked: JsonObject = {};
  for (const source of sources) for (const { path } of references(source)) pick(scope, picked, path);
  return picked;
}

/** Every variable of a template that it does not define itself. Throws a TemplateError when it cannot be parsed. */
export function references(source: string): Reference[] {
  // Most strings of a configuration are no templates; they need no parsing and no place in the cache.
  if (!source.includes("{{") && !source.includes("{%")) return [];
  const known = referenceCache.get(source);
  if (known) return known;
  const { globals } = analyzeSync(compileTemplate(source, "text"), { partials: false });
  const found = Object.values(globals).flat().map(toReference);
  if (/\|\s*date\b/.test(source)) found.push(...impliedByDate);
  referenceCache.set(source, found);
  return found;
}

function toReference({ segments, location }: Variable): Reference {
  const dynamic = segments.findIndex((segment) => typeof segment === "object");
  const fixed = (dynamic < 0 ? segments : segments.slice(0, dynamic)) as (string | number)[];
  return { path: fixed, line: location.row, column: location.col };
}

function pick(scope: JsonObject, picked: JsonObject, [root, name]: (string | number)[]): void {
  if (root === undefined || !Object.hasOwn(scope, root)) return;
  const from = scope[root] ?? null;
  const into = picked[root];
  if (typeof name !== "string" || !isJsonObject(from)) {
    picked[root] = from;
    return;
  }
  if (into === from) return;
  const part = isJsonObject(into) ? into : {};
  picked[root] = part;
  const value = Object.hasOwn(from, name) ? from[name] : undefined;
  if (value !== undefined)
    Object.defineProperty(part, name, { value, enumerable: true, writable: true, configurable: true });
}
