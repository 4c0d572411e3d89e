import type { Json } from "../../json.ts";
import { addDuration, type Duration, durationSchema } from "../../time.ts";
import { parseDay, parseInstant } from "../instant.ts";
import { bindNumber, type Operator, type SqlContext } from "../operator.ts";
import { dayValue, instantValue } from "../value-schemas.ts";
import { windowFlip } from "../window.ts";

const instantRule = 'needs a date (2026-03-01), an instant with its zone (2026-03-01T10:00:00Z) or "now" as its value';
const durationRule = 'needs a duration of at most ten years such as {"amount": 7, "unit": "days"} as its value';

type Window = { from: number; to: number };

export const before: Operator<string> = {
  name: "before",
  title: "is before",
  value: instantValue,
  valueRule: instantRule,
  matches: (field, value, now) => isWithin(field, beforeWindow(value, now)),
  sql: (field, value, context) => within(field, beforeWindow(value, context.now), context),
  flipsAt: (field, value, now) => (value === "now" ? passedAt(field, now, 1) : never),
};

export const after: Operator<string> = {
  name: "after",
  title: "is after",
  value: instantValue,
  valueRule: instantRule,
  matches: (field, value, now) => isWithin(field, afterWindow(value, now)),
  sql: (field, value, context) => within(field, afterWindow(value, context.now), context),
  flipsAt: (field, value, now) => (value === "now" ? passedAt(field, now, 0) : never),
};

/** The field is an instant of that day in UTC. */
export const onDate: Operator<string> = {
  name: "onDate",
  title: "is on the date",
  value: dayValue,
  valueRule: "needs a date such as 2026-03-01 as its value",
  matches: (field, value) => isWithin(field, dayWindow(value)),
  sql: (field, value, context) => within(field, dayWindow(value), context),
};

/** From one duration ago to now, both included. */
export const withinLast: Operator<Duration> = {
  name: "withinLast",
  title: "is within the last",
  value: durationSchema,
  valueRule: durationRule,
  matches: (field, duration, now) => isWithin(field, lastWindow(duration, now)),
  sql: (field, duration, context) => within(field, lastWindow(duration, context.now), context),
  flipsAt: (field, length, now) =>
    onInstant(field, (at) => windowFlip(at, { length, now }, (then) => isWithin(field, lastWindow(length, then)))),
};

/** From now to one duration ahead, both included. */
export const withinNext: Operator<Duration> = {
  name: "withinNext",
  title: "is within the next",
  value: durationSchema,
  valueRule: durationRule,
  matches: (field, duration, now) => isWithin(field, nextWindow(duration, now)),
  sql: (field, duration, context) => within(field, nextWindow(duration, context.now), context),
  flipsAt: (field, ahead, now) => {
    const length = { amount: -ahead.amount, unit: ahead.unit };
    return onInstant(field, (at) =>
      windowFlip(at, { length, now }, (then) => isWithin(field, nextWindow(ahead, then))),
    );
  },
};

const never = Number.POSITIVE_INFINITY;

function onInstant(field: Json | undefined, flip: (at: number) => number): number {
  const instant = typeof field === "string" ? parseInstant(field) : null;
  return instant === null ? never : flip(instant);
}

/** When the clock has passed the field by so many milliseconds, unless it has. */
function passedAt(field: Json | undefined, now: Date, by: number): number {
  return onInstant(field, (at) => (at + by > now.getTime() ? at + by : never));
}

function isWithin(field: Json | undefined, { from, to }: Window): boolean {
  const instant = typeof field === "string" ? parseInstant(field) : null;
  return instant !== null && instant >= from && instant <= to;
}

function within(field: string, { from, to }: Window, { params }: SqlContext): string {
  return `staffetta_instant(${field}) between ${bindNumber(params, from, "bigint")} and ${bindNumber(params, to, "bigint")}`;
}

function beforeWindow(value: string, now: Date): Window {
  return { from: Number.MIN_SAFE_INTEGER, to: instantOf(value, now) - 1 };
}

function afterWindow(value: string, now: Date): Window {
  return { from: instantOf(value, now) + 1, to: Number.MAX_SAFE_INTEGER };
}

function lastWindow({ amount, unit }: Duration, now: Date): Window {
  return { from: addDuration(now, { amount: -amount, unit }).getTime(), to: now.getTime() };
}

function nextWindow(duration: Duration, now: Date): Window {
  return { from: now.getTime(), to: addDuration(now, duration).getTime() };
}

function instantOf(value: string, now: Date): number {
  const instant = value === "now" ? now.getTime() : parseInstant(value);
  if (instant === null) throw new Error(`The condition's value ${value} is no instant.`);
  return instant;
}

function dayWindow(value: string): Window {
  const day = parseDay(value);
  if (day === null) throw new Error(`The condition's value ${value} is no date.`);
  return { from: day.first, to: day.last };
}
