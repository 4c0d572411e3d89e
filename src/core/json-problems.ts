import { isStorableText } from "./condition/storable-text.ts";
import type { Issue } from "./errors.ts";
import { joinPath } from "./issues.ts";

/** How deep JSON from outside may nest: `[]` has depth 1. */
export const maxJsonDepth = 32;

const maxIssues = 50;
const messages = {
  depth: `must be nested at most ${maxJsonDepth} levels deep`,
  number: "must be a number that a 64-bit float can hold",
  text: "must not contain U+0000 or half of a surrogate pair",
  key: "is not allowed as a field name",
} as const;

type Place = { parent: Place; segment: string | number } | null;
type Walk = { issues: Issue[]; checkText: boolean };

/**
 * What is wrong with a parsed value although its syntax is right: nested too deep, numbers that overflowed, names that reach for
 * prototypes, and, with `checkText`, text that PostgreSQL cannot keep. At most 50 issues; stops at the depth limit, so any input is safe.
 */
export function findJsonProblems(value: unknown, { checkText }: { checkText: boolean }): Issue[] {
  const walk = { issues: [], checkText };
  visit(walk, value, { place: null, depth: 1 });
  return walk.issues;
}

function visit(walk: Walk, value: unknown, { place, depth }: { place: Place; depth: number }): void {
  if (typeof value === "string") {
    if (walk.checkText && !isStorableText(value)) report(walk, place, messages.text);
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) report(walk, place, messages.number);
  } else if (typeof value === "object" && value !== null) {
    if (depth > maxJsonDepth) report(walk, place, messages.depth);
    else if (Array.isArray(value)) visitItems(walk, value, { place, depth });
    else visitFields(walk, value as Record<string, unknown>, { place, depth });
  }
}

function visitItems(walk: Walk, items: unknown[], { place, depth }: { place: Place; depth: number }): void {
  for (let index = 0; index < items.length && walk.issues.length < maxIssues; index += 1) {
    const item = items[index];
    if (typeof item === "boolean" || item === null) continue;
    visit(walk, item, { place: { parent: place, segment: index }, depth: depth + 1 });
  }
}

function visitFields(
  walk: Walk,
  fields: Record<string, unknown>,
  { place, depth }: { place: Place; depth: number },
): void {
  for (const name of Object.keys(fields)) {
    if (walk.issues.length >= maxIssues) return;
    const here = { parent: place, segment: name };
    const value = fields[name];
    if (isPoisonous(name, value)) report(walk, here, messages.key);
    else if (walk.checkText && !isStorableText(name)) report(walk, here, messages.text);
    else visit(walk, value, { place: here, depth: depth + 1 });
  }
}

/** Code that copies such a field into an object carelessly would change the prototype of the object, or of all objects. */
function isPoisonous(name: string, value: unknown): boolean {
  if (name === "__proto__") return true;
  return name === "constructor" && typeof value === "object" && value !== null && Object.hasOwn(value, "prototype");
}

function report(walk: Walk, place: Place, message: string): void {
  const segments: (string | number)[] = [];
  for (let at = place; at !== null; at = at.parent) {
    segments.unshift(typeof at.segment === "string" ? printable(at.segment) : at.segment);
  }
  walk.issues.push({ path: joinPath("", segments), message });
}

function printable(name: string): string {
  return name.slice(0, 100).toWellFormed().replaceAll("\0", "�");
}
