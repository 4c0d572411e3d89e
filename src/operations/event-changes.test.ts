import fc from "fast-check";
import { expect, test } from "vitest";
import type { EventRow } from "../storage/event-rows.ts";
import { type ChangingEvent, isHeardChange, withChanges } from "./event-changes.ts";
import { createFlowCache } from "./flow-cache.ts";

const workspaceId = "0190a000-0000-7000-8000-0000000000ff";
const contactId = "0190a000-0000-7000-8000-000000000001";
const list = "0190a000-0000-7000-8000-0000000000aa";
const now = new Date("2026-03-01T10:00:00Z");

function hearing(...names: string[]) {
  const cache = createFlowCache({ steps: {}, entries: {} });
  const watches = () => names.includes("$contact-changed");
  const hears = (_workspace: string, name: string) => names.includes(name);
  return { ...cache, hears, watches, hearsChanges: () => ({ any: names.length > 0, lists: true }) };
}

const event = (number: number) => ({ id: `event-${number}`, name: "sent", contactId }) as EventRow;

function change(at: number, properties: ChangingEvent["properties"], changes: Partial<ChangingEvent> = {}) {
  return { at, workspaceId, contact: { id: contactId, lane: 1, isNew: false }, properties, list: null, ...changes };
}

const before = new Map([[contactId, { properties: { plan: "free", age: 4 }, tags: [], lists: {} }]]);
const told = (rows: readonly EventRow[]) =>
  rows.map(({ name, payload }) =>
    name === "sent" ? name : [name, payload["before"] ?? null, payload["after"] ?? null],
  );

test.each([
  [[], { properties: { plan: "gold" } }, false],
  [["$property:plan"], { properties: { plan: "gold" } }, true],
  [["$property-set:plan"], { properties: { plan: "gold" } }, true],
  [["$property:plan"], { properties: { age: 4 } }, false],
  [["$property:plan"], {}, false],
  [["$contact-changed"], {}, false],
  [["$contact-changed"], { properties: { age: 4 } }, true],
  [[`$list-joined:${list}`], { joinList: list }, true],
  [["$list-joined:other"], { joinList: list }, false],
])("where %j is listened to, an event with %j brings a change that is heard: %s", (names, brought, expected) => {
  expect(isHeardChange(hearing(...names), workspaceId, brought)).toBe(expected);
});

test("each change stands right behind the event that brought it, told from what was before it", () => {
  const changing = [change(0, { plan: "gold" }), change(1, { plan: "gold" }), change(2, { plan: null, age: 5 })];
  const rows = withChanges([event(0), event(1), event(2)], changing, {
    before,
    flows: hearing("$property:plan", "$property-set:plan"),
    now,
  });
  expect(told(rows.events)).toEqual([
    "sent",
    ["$property:plan", "free", "gold"],
    "sent",
    ["$property-set:plan", "gold", "gold"],
    "sent",
    ["$property:plan", "gold", null],
  ]);
  expect(rows.events[1]).toMatchObject({ source: "change", queued: true, contactId, lane: 1 });
});

test("a contact that is new had nothing before; one that is gone is not told of", () => {
  const flows = hearing("$property:plan", `$list-joined:${list}`);
  const [born, gone] = [
    change(0, { plan: "gold" }, { contact: { id: "new", lane: 1, isNew: true }, list }),
    change(1, { plan: "gold" }, { contact: { id: "gone", lane: 1, isNew: false } }),
  ];
  const rows = withChanges([event(0), event(1)], [born, gone], { before, flows, now });
  expect(told(rows.events)).toEqual([
    "sent",
    ["$property:plan", null, "gold"],
    [`$list-joined:${list}`, null, null],
    "sent",
  ]);
});

test("names contacts to be looked at again only when they are not what they were", () => {
  const flows = hearing("$contact-changed");
  const changed = (properties: ChangingEvent["properties"]) =>
    withChanges([event(0)], [change(0, properties)], { before, flows, now }).changed;
  expect(changed({ plan: "free" })).toEqual([]);
  expect(changed({ other: null })).toEqual([]);
  expect(changed({ plan: "gold" })).toEqual([{ lane: 1, contactId, workspaceId }]);
});

test("it does not matter which events came in one batch", () => {
  const value = fc.constantFrom(null, 1, "1", true, { a: 1 }, [1]);
  const write = fc.dictionary(fc.constantFrom("plan", "age", "size"), value);
  fc.assert(
    fc.property(fc.array(write, { maxLength: 6 }), fc.nat(6), (writes, cut) => {
      const flows = hearing("$property:plan", "$property:size");
      const run = (from: number, to: number, start: typeof before) => {
        const part = writes.slice(from, to);
        return withChanges(
          part.map((_, at) => event(at)),
          part.map((properties, at) => change(at, properties)),
          { before: start, flows, now },
        );
      };
      const whole = told(run(0, writes.length, before).events);
      const middle = new Map(before);
      for (const properties of writes.slice(0, cut)) {
        const old = middle.get(contactId)?.properties as ChangingEvent["properties"];
        const next = Object.fromEntries(Object.entries({ ...old, ...properties }).filter(([, is]) => is !== null));
        middle.set(contactId, { properties: next as never, tags: [], lists: {} });
      }
      const parts = [...told(run(0, cut, before).events), ...told(run(cut, writes.length, middle).events)];
      expect(parts).toEqual(whole);
    }),
  );
});
