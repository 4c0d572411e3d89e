import { knownOf } from "../flow/activity.ts";
import type { JsonObject } from "../json.ts";
import { readPath } from "../path.ts";
import { addDuration } from "../time.ts";
import { candidatesOf, meetsCount } from "./activity-leaf.ts";
import type { EventLeaf, MessageLeaf } from "./ast.ts";
import { type Condition, evaluate, resolveLeaf } from "./condition.ts";
import { windowFlip, windowStart } from "./window.ts";

/**
 * The first instant after `now` at which the answer to a condition may be another by time alone, while nothing else happens: an event leaves its
 * window, a date comes near or goes by. Never too late; null when time alone cannot change it.
 */
export function nextChangeAt(condition: Condition, scope: JsonObject, now: Date): Date | null {
  const { at } = look(condition, scope, now);
  return at > latest ? null : new Date(at);
}

const never = Number.POSITIVE_INFINITY;
/** The last instant that PostgreSQL and JSON write in the same way. */
const latest = Date.parse("9999-12-31T23:59:59.999Z");

type Look = { holds: boolean; at: number };

function look(condition: Condition, scope: JsonObject, now: Date): Look {
  if ("and" in condition) return all(condition.and.map((part) => look(part, scope, now)));
  if ("or" in condition) return negate(all(condition.or.map((part) => negate(look(part, scope, now)))));
  if ("not" in condition) return negate(look(condition.not, scope, now));
  const holds = evaluate(condition, scope, now);
  if ("segment" in condition) return { holds, at: never };
  if (!("field" in condition)) return { holds, at: countFlip(condition, scope, now) };
  const { path, operator } = resolveLeaf(condition);
  return { holds, at: operator.flipsAt?.(readPath(scope, path), condition.value, now) ?? never };
}

/** What holds, holds until the first part fails. What does not, cannot before each part that fails has changed. */
function all(parts: readonly Look[]): Look {
  const failing = parts.filter(({ holds }) => !holds);
  if (failing.length === 0) return { holds: true, at: Math.min(...parts.map(({ at }) => at)) };
  return { holds: false, at: Math.max(...failing.map(({ at }) => at)) };
}

function negate({ holds, at }: Look): Look {
  return { holds: !holds, at };
}

function countFlip(leaf: EventLeaf | MessageLeaf, scope: JsonObject, now: Date): number {
  const { activity } = knownOf(scope);
  const matches = (payload: JsonObject) => !("where" in leaf) || holdsFor(leaf.where, payload, now);
  const insides = "event" in leaf && leaf.where !== undefined ? payloadFlips(leaf, scope, now) : never;
  const { within } = leaf;
  if (within === undefined) return insides;
  const found = candidatesOf(leaf, { activity, matches }).map((at) => at.getTime());
  if (within.unit === "months" || insides !== never) {
    const flips = found.map((at) => windowFlip(at, { length: within, now }, (then) => at >= windowStart(within, then)));
    return Math.min(insides, ...flips);
  }
  const leaving = found
    .map((at) => addDuration(new Date(at), within).getTime() + 1)
    .filter((at) => at > now.getTime())
    .sort((one, other) => one - other);
  // One after the other leaves the window: how many have to go until the answer is another?
  const holds = meetsCount(leaf, leaving.length);
  for (let gone = 1; gone <= leaving.length; gone += 1)
    if (meetsCount(leaf, leaving.length - gone) !== holds) return leaving[gone - 1] ?? never;
  return never;
}

function holdsFor(where: Condition | undefined, payload: JsonObject, now: Date): boolean {
  return where === undefined || evaluate(where, { event: payload }, now);
}

/** When the answer of `where` to one of the events may be another. */
function payloadFlips({ event, where }: EventLeaf, scope: JsonObject, now: Date): number {
  if (where === undefined) return never;
  const own = knownOf(scope).activity.events.filter(({ name }) => name === event);
  return Math.min(...own.map(({ payload }) => look(where, { event: payload }, now).at));
}
