import type { Issue } from "../errors.ts";
import { joinPath } from "../issues.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";

/** What a flow can point to, whose id is another one in each installation. */
export const referenceKinds = ["list", "segment", "flow"] as const;
export type ReferenceKind = (typeof referenceKinds)[number];
export type Named = { kind: ReferenceKind; name: string };

/** The field by which an object of a file says that it stands for an id. No flow of a server has it. */
const mark = "$staffetta";
const uuidPattern = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * The definition with every text that is the id of something known in the form that files have: `{"$staffetta": "list", "name": "Newsletter"}`.
 * `inside` has the places of ids within longer texts, which stay as they are.
 */
export function nameReferences(
  definition: Json,
  known: ReadonlyMap<string, Named>,
): { definition: Json; inside: Issue[] } {
  const inside: Issue[] = [];
  const textOf = (text: string, path: string): Json => {
    const named = known.get(text);
    if (named) return { [mark]: named.kind, name: named.name };
    const [id] = text.match(uuidPattern)?.filter((part) => known.has(part)) ?? [];
    const found = id === undefined ? undefined : known.get(id);
    if (found) inside.push({ path, message: `holds the id of the ${found.kind} "${found.name}" in a text` });
    return text;
  };
  const walk = (value: Json, path: string): Json => {
    if (typeof value === "string") return textOf(value, path);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, joinPath(path, [index])));
    if (!isJsonObject(value)) return value;
    if (Object.hasOwn(value, mark)) throw new Error(`The flow has a field "${mark}" of its own, at ${path}.`);
    return mapValues(value, (inner, name) => walk(inner, joinPath(path, [name])));
  };
  return { definition: walk(definition, ""), inside };
}

/** The definition with ids in place of names. `idOf` says the id, or why there is none. */
export function resolveReferences(
  definition: Json,
  idOf: (named: Named) => { id: string } | { problem: string },
): { definition: Json; issues: Issue[] } {
  const issues: Issue[] = [];
  const walk = (value: Json, path: string): Json => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, joinPath(path, [index])));
    if (!isJsonObject(value)) return value;
    if (!Object.hasOwn(value, mark)) return mapValues(value, (inner, name) => walk(inner, joinPath(path, [name])));
    const named = readNamed(value);
    const found = named ? idOf(named) : { problem: `must be {"${mark}": "list", "name": "..."}` };
    if ("id" in found) return found.id;
    issues.push({ path, message: found.problem });
    return value;
  };
  return { definition: walk(definition, ""), issues };
}

/** Everything that a definition of a file points to. */
export function referencesIn(definition: Json): Named[] {
  const found: Named[] = [];
  resolveReferences(definition, (named) => {
    found.push(named);
    return { id: "" };
  });
  return found;
}

function readNamed({ [mark]: kind, name, ...rest }: JsonObject): Named | null {
  const isKind = (referenceKinds as readonly Json[]).includes(kind ?? null);
  if (!isKind || typeof name !== "string" || Object.keys(rest).length > 0) return null;
  return { kind: kind as ReferenceKind, name };
}

function mapValues(value: JsonObject, change: (inner: Json, name: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner, name)]));
}

/** An id that a name always gives, for where there is no database to ask: a UUID of FNV-1a hashes. */
export function idOfName({ kind, name }: Named): string {
  const text = `${kind}|${name}`;
  const words = [1, 2, 3, 4].map((seed) => hash(text, seed).toString(16).padStart(8, "0"));
  const hex = words.join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function hash(text: string, seed: number): number {
  let value = Math.imul(0x811c9dc5, seed * 2 + 1);
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
