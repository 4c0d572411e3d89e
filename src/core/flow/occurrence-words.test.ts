import { expect, test } from "vitest";
import { occurrenceName } from "./occurrence-names.ts";
import { idsNamed, occurrenceWords } from "./occurrence-words.ts";

test.each([
  [occurrenceName.property("plan"), "a change of the property plan"],
  [occurrenceName.propertySetAgain("plan"), "the property plan set to the value it had"],
  [occurrenceName.tagAdded("a:b"), 'the tag "a:b" added'],
  [occurrenceName.tagRemoved("vip"), 'the tag "vip" removed'],
  [occurrenceName.listJoined("l-1"), 'the list "News" joined'],
  [occurrenceName.listLeft("l-2"), "the list l-2 left"],
  [occurrenceName.segmentEntered("s-1"), 'the segment "Buyers" entered'],
  [occurrenceName.segmentLeft("s-1"), 'the segment "Buyers" left'],
  [occurrenceName.message("clicked"), "a message that was clicked"],
  [occurrenceName.message("failed"), "a message that could not be sent"],
  [occurrenceName.contactChanged, "a change of the contact"],
  [occurrenceName.inbound, "a message from the contact"],
  [occurrenceName.start("f-1"), "a start of the flow by the API, a schedule, a date or another flow"],
  ["$incoming-call", "a call to its own address"],
  ["$something-new:x", "$something-new:x"],
  ["order.paid", null],
])("%s is %s", (name, words) => {
  expect(occurrenceWords(name, { "l-1": "News", "s-1": "Buyers" })).toBe(words);
});

test("every name of ours has words", () => {
  const names = Object.values(occurrenceName).map((name) => (typeof name === "string" ? name : name("x")));
  expect(names.filter((name) => occurrenceWords(name) === name)).toEqual([]);
});

test("finds the lists and the segments among names", () => {
  const names = ["order.paid", "$list-joined:a", "$list-left:a", "$list-left:b", "$tag-added:c", "$segment-left:d"];
  expect(idsNamed(names, "lists")).toEqual(["a", "b"]);
  expect(idsNamed(names, "segments")).toEqual(["d"]);
});
