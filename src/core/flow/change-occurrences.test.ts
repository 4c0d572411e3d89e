import { expect, test } from "vitest";
import { sampleContact } from "../../testing/step-suite.ts";
import type { Contact } from "../contact.ts";
import { changeOccurrences, isChanged } from "./change-occurrences.ts";

const before = sampleContact({
  properties: { plan: "free", box: { a: 1, b: 2 } },
  tags: ["one"],
  lists: { l1: "subscribed", l2: "unconfirmed" },
});
const all = { hears: () => true };

function made(changes: Partial<Contact>, options: Parameters<typeof changeOccurrences>[2] = all) {
  return changeOccurrences(before, { ...before, ...changes }, options);
}

test.each<[string, Partial<Contact>, object[]]>([
  ["nothing", {}, []],
  [
    "another value",
    { properties: { ...before.properties, plan: "gold" } },
    [{ name: "$property:plan", payload: { property: "plan", before: "free", after: "gold" } }],
  ],
  [
    "a value taken away",
    { properties: { box: { a: 1, b: 2 } } },
    [{ name: "$property:plan", payload: { property: "plan", before: "free", after: null } }],
  ],
  ["the same object in another order", { properties: { plan: "free", box: { b: 2, a: 1 } } }, []],
  [
    "tags",
    { tags: ["two"] },
    [
      { name: "$tag-added:two", payload: { tag: "two" } },
      { name: "$tag-removed:one", payload: { tag: "one" } },
    ],
  ],
  [
    "a list joined and one left",
    { lists: { l1: "unsubscribed", l2: "subscribed" } },
    [
      { name: "$list-left:l1", payload: { list: "l1" } },
      { name: "$list-joined:l2", payload: { list: "l2" } },
    ],
  ],
  ["a list that the contact was only known to", { lists: { l1: "subscribed", l2: "unsubscribed" } }, []],
])("tells of %s", (_what, changes, expected) => {
  expect(made(changes)).toEqual(expected);
});

test("tells only what somebody hears", () => {
  const changes = { properties: { plan: "gold" }, tags: [] };
  expect(made(changes, { hears: (name) => name === "$tag-removed:one" })).toMatchObject([{ name: "$tag-removed:one" }]);
});

test("tells of a property that was set to the value it had, as the same, when it was named", () => {
  expect(made({}, { ...all, set: ["plan"] })).toEqual([
    { name: "$property-set:plan", payload: { property: "plan", before: "free", after: "free", isSame: true } },
  ]);
});

test("a property that was taken away though it was not there was not set", () => {
  expect(made({}, { ...all, set: ["other"] })).toEqual([]);
});

test("says whether anything is another", () => {
  expect(isChanged(before, { ...before, tags: ["one"] })).toBe(false);
  expect(isChanged(before, { ...before, tags: [] })).toBe(true);
});
