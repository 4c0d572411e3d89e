import { AppError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { findJsonProblems } from "../../core/json-problems.ts";

type Node = Json | Map<string, Node>;

const bracketed = /^([^[\]]+)((?:\[[^[\]]*\])+)$/;

/**
 * The fields of a form in which names such as `products[0][price]` stand for lists and objects, as PHP's `http_build_query` writes them.
 * Fields numbered from 0 on become a list. Throws `invalid_request` for what is nested too deep.
 */
export function nestFields(fields: JsonObject): JsonObject {
  const names = Object.keys(fields);
  if (!names.some((name) => name.includes("["))) return fields;
  const root = new Map<string, Node>();
  for (const name of names) put(root, pathOf(name), fields[name] as Json);
  const nested = Object.fromEntries([...root].map(([name, node]) => [name, plain(node)]));
  const issues = findJsonProblems(nested, { checkText: false });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  return nested;
}

function pathOf(name: string): string[] {
  const [, first = name, rest = ""] = bracketed.exec(name) ?? [];
  const path = [first, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, segment = ""]) => segment)];
  // Not to be built, nor so deep: such a name stays a name.
  return path.includes("__proto__") || path.length > maxDepth ? [name] : path;
}

const maxDepth = 30;

function put(root: Map<string, Node>, path: readonly string[], value: Json): void {
  let at = root;
  for (const segment of path.slice(0, -1)) {
    const key = keyIn(at, segment);
    const next = at.get(key);
    const inner = next instanceof Map ? next : new Map<string, Node>();
    at.set(key, inner);
    at = inner;
  }
  const last = path.at(-1) ?? "";
  // `tags[]` comes once for each of its values, which were gathered under the one name.
  if (last === "" && Array.isArray(value)) for (const item of value) at.set(String(at.size), item);
  else at.set(keyIn(at, last), value);
}

/** `[]` means the next one. */
function keyIn(node: Map<string, Node>, segment: string): string {
  return segment === "" ? String(node.size) : segment;
}

function plain(node: Node): Json {
  if (!(node instanceof Map)) return node;
  const isList = [...node.keys()].every((key, index) => key === String(index));
  return isList
    ? [...node.values()].map(plain)
    : Object.fromEntries([...node].map(([key, value]) => [key, plain(value)]));
}
