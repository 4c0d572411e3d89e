import { expect, test } from "vitest";
import type { Condition } from "../condition/condition.ts";
import { compileSegments, findCircle, readersOf, type Touch } from "./segment-set.ts";

const id = (digit: number) => `0190a000-0000-7000-8000-00000000000${digit}`;
const week = { amount: 7, unit: "days" } as const;
const plan: Condition = { field: "contact.plan", operator: "is", value: "gold" };
const definitions: Condition[] = [
  { not: { segment: id(3) } },
  plan,
  { event: "paid", within: week },
  { or: [{ segment: id(1) }, { message: "opened" }] },
  { event: "paid", count: { atMost: 1 } },
];
const segments = definitions.map((definition, digit) => ({ id: id(digit), name: `S${digit}`, definition }));
const set = compileSegments(segments);

test("segments come after those that they look at", () => {
  expect(set.all.map(({ name }) => name)).toEqual(["S1", "S3", "S0", "S2", "S4"]);
});

test.each<[string, Partial<Touch>, string[]]>([
  ["a contact that is new or was changed somehow", { fields: "any" }, ["S1", "S3", "S0", "S4"]],
  ["a field that is looked at", { fields: new Set(["plan", "other"]) }, ["S1", "S3", "S0"]],
  ["a field that nobody looks at", { fields: new Set(["other"]) }, []],
  ["an event", { events: ["seen", "paid"] }, ["S2", "S4"]],
  ["an event that nobody looks at", { events: ["seen"] }, []],
  ["what became of a message", { events: ["$message-opened"] }, ["S3", "S0"]],
  ["time", { time: true }, ["S2"]],
  ["nothing", {}, []],
])("%s touches those that look at it, and those that look at them", (_, touch, names) => {
  const touched = set.touchedBy({ fields: new Set(), events: [], time: false, ...touch });
  expect(touched.map(({ name }) => name)).toEqual(names);
});

test("says what has to be put in line for segments", () => {
  expect(["paid", "seen", "$message-opened", "$message-sent"].filter((name) => set.hears(name))).toEqual([
    "paid",
    "$message-opened",
  ]);
  expect([set.readsContacts, set.isTimed]).toEqual([true, true]);
  const bought = compileSegments([{ id: id(1), name: "Bought", definition: { event: "paid" } }]);
  expect([bought.readsContacts, bought.isTimed]).toEqual([false, false]);
});

test("knows who looks at a segment, directly or not", () => {
  expect(readersOf(set.all, id(1)).map(({ name }) => name)).toEqual(["S3", "S0"]);
  expect(readersOf(set.all, id(0))).toEqual([]);
});

test("finds the way around from a segment to itself", () => {
  expect(findCircle(segments, id(0))).toBeNull();
  const round = segments.map((segment) =>
    segment.id === id(1) ? { ...segment, definition: { segment: id(0) } } : segment,
  );
  expect(findCircle(round, id(1))).toEqual(["S1", "S0", "S3", "S1"]);
  expect(findCircle(round, id(2))).toBeNull();
});
