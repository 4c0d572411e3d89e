import { expect, test } from "vitest";
import { type EventInput, maxPayloadBytes, readEvent } from "./event-input.ts";

const event: EventInput = { name: "order.paid", contact: { email: "Ada@Example.com" } };

test("reads an event, its contact in normal form", () => {
  const read = readEvent({
    ...event,
    contact: { ...event.contact, properties: { plan: "gold" } },
    payload: { total: 3 },
  });
  expect(read).toEqual({
    name: "order.paid",
    identity: { email: "ada@example.com" },
    properties: { plan: "gold" },
    payload: { total: 3 },
    occurredAt: null,
    issues: [],
  });
});

test.each<[string, Partial<EventInput>, string]>([
  ["an empty name", { name: "" }, "name"],
  ["a name that is ours", { name: "$incoming-call" }, "name"],
  ["a name with a line break", { name: "a\nb" }, "name"],
  ["nobody", { contact: {} }, "contact"],
  ["a broken phone", { contact: { phone: "12" } }, "contact.phone"],
  ["a property that is a field", { contact: { externalId: "x", properties: { tags: [] } } }, "contact.properties.tags"],
  ["a payload with U+0000", { payload: { items: ["\0"] } }, "payload.items[0]"],
  ["a payload that is too large", { payload: { a: "x".repeat(maxPayloadBytes) } }, "payload"],
  ["a time before computers", { occurredAt: new Date("0001-01-01T00:00:00Z") }, "occurredAt"],
  ["a time that PostgreSQL cannot keep", { occurredAt: new Date(8.64e15) }, "occurredAt"],
])("refuses %s", (_name, changes, path) => {
  expect(readEvent({ ...event, ...changes }).issues.map((issue) => issue.path)).toContain(path);
  expect(readEvent({ ...event, ...changes }, { path: "events[2]" }).issues.map((issue) => issue.path)).toContain(
    `events[2].${path}`,
  );
});
