import { expect, test } from "vitest";
import { describeStepKind, stepContext } from "../../testing/step-suite.ts";
import { updateContact } from "./run.ts";
import { maxTagLength, maxValueLength } from "./schema.ts";

const listId = "0190a000-0000-7000-8000-00000000000a";
const otherListId = "0190a000-0000-7000-8000-00000000000b";

describeStepKind(updateContact, {
  good: [
    { config: {} },
    { config: { properties: { plan: "gold", old: null, last: "{{ event.orderId }}" } } },
    { config: { addTags: ["vip", "order-{{ event.orderId }}"], removeTags: ["new"] } },
    { config: { joinLists: [listId], leaveLists: [listId] } },
    { config: { properties: { year: "{{ 'now' | date: '%Y' }}" } } },
  ],
  bad: [
    { config: { properties: { email: "x" } }, path: "properties.email" },
    { config: { properties: { "1st": "x" } }, path: "properties.1st" },
    { config: { properties: { plan: "{{ nope.x }}" } }, path: "properties.plan" },
    { config: { properties: { plan: ["{% if %}"] } }, path: "properties.plan[0]" },
    { config: { addTags: [""] }, path: "addTags.0" },
    { config: { addTags: ["ok", "{{ x | nope }}"] }, path: "addTags[1]" },
    { config: { removeTags: ["{{ x"] }, path: "removeTags[0]" },
    { config: { joinLists: ["news"] }, path: "joinLists.0" },
    { config: { rename: true }, path: "rename" },
  ],
});

function changesOf(config: object, event?: Parameters<typeof stepContext>[1]) {
  return updateContact.run(updateContact.config.parse(config), stepContext({}, event));
}

test("makes one change of each sort, in order", () => {
  const outcome = changesOf({
    properties: { total: "{{ event.total }}", greeting: "Hi {{ contact.email }}", old: null },
    addTags: ["order-{{ event.orderId }}", "order-{{ event.orderId }}"],
    removeTags: ["new"],
    joinLists: [listId],
    leaveLists: [otherListId],
  });
  expect(outcome).toEqual({
    kind: "go",
    exit: "next",
    changes: [
      { kind: "set-properties", properties: { total: 12.5, greeting: "Hi ada@example.com", old: null } },
      { kind: "add-tags", tags: ["order-o-1"] },
      { kind: "remove-tags", tags: ["new"] },
      { kind: "set-membership", listId, state: "subscribed" },
      { kind: "set-membership", listId: otherListId, state: "unsubscribed" },
    ],
    detail: { changed: ["total", "greeting", "old"], added: ["order-o-1"], removed: ["new"], skipped: [] },
  });
});

test("an event that lacks a field costs no data", () => {
  expect(changesOf({ properties: { plan: "{{ event.plan }}" } })).toEqual({
    kind: "go",
    exit: "next",
    changes: [],
    detail: { changed: [], added: [], removed: [], skipped: ["plan"] },
  });
});

test("values and tags that are too long are left out and named", () => {
  const outcome = changesOf(
    { properties: { big: "{{ event.big }}" }, addTags: ["{{ event.big }}", "{{ event.tag }}", "{{ event.nope }}"] },
    { big: "x".repeat(maxValueLength), tag: "y".repeat(maxTagLength) },
  );
  expect(outcome).toMatchObject({
    changes: [{ kind: "add-tags", tags: ["y".repeat(maxTagLength)] }],
    detail: { skipped: ["big", "{{ event.big }}", "{{ event.nope }}"] },
  });
});

test("a template that exceeds a limit fails the step and says why", () => {
  const outcome = changesOf({ properties: { x: "a {% for i in (1..999999999) %}{% endfor %}" } });
  expect(outcome).toMatchObject({ kind: "fail", reason: "template_failed", detail: { line: 1 } });
});
