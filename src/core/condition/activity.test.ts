import { expect, test } from "vitest";
import { type Contact, contactScope } from "../contact.ts";
import type { Activity } from "../flow/activity.ts";
import type { Duration } from "../time.ts";
import { type Condition, checkCondition, conditionSchema, evaluate, explain } from "./condition.ts";
import { nextChangeAt } from "./next-change.ts";
import { readsOf } from "./reads.ts";

const now = new Date("2026-03-31T12:00:00Z");
const week = { amount: 7, unit: "days" } as const;
const segment = "0190a000-0000-7000-8000-00000000aaaa";
const flow = "0190a000-0000-7000-8000-00000000bbbb";

const bare: Contact = {
  ...{
    id: "0190a000-0000-7000-8000-000000000001",
    lane: 1,
    workspaceId: "w",
    externalId: "c-1",
    email: null,
    phone: null,
  },
  ...{ properties: { plan: "gold" }, tags: ["vip"], lists: { l1: "subscribed" }, timeZone: null, locale: null },
  createdAt: new Date("2026-01-01T00:00:00Z"),
};

function daysAgo(days: number): Date {
  return new Date(now.getTime() - days * 86_400_000);
}

function order(days: number, total = 10) {
  return { name: "order.placed", payload: { total }, occurredAt: daysAgo(days) };
}

function mail(type: string, days: number, changes: object = {}) {
  return { type, at: daysAgo(days), messageId: "m-1", flowId: flow, step: "mail", link: null, ...changes };
}

function scopeOf({ events = [], messages = [] }: Partial<Activity>, segments: string[] = []) {
  return { contact: contactScope({ ...bare, activity: { events, messages }, segments }) };
}

const orders = scopeOf({ events: [order(1, 99), order(7), order(8, 50), { ...order(1), name: "other" }] });
const mails = scopeOf({
  messages: [
    mail("opened", 1),
    mail("opened", 2),
    mail("opened", 9, { messageId: "m-2" }),
    mail("clicked", 1, { link: "https://a.example" }),
  ],
});

test.each<[Condition, boolean]>([
  [{ event: "order.placed" }, true],
  [{ event: "order.paid" }, false],
  [{ not: { event: "order.paid" } }, true],
  [{ event: "order.placed", count: { exactly: 3 } }, true],
  [{ event: "order.placed", within: week, count: { exactly: 2 } }, true],
  [{ event: "order.placed", within: week, count: { atLeast: 3 } }, false],
  [{ event: "order.placed", count: { atMost: 2 } }, false],
  [{ event: "order.paid", count: { atMost: 0 } }, true],
  [
    { event: "order.placed", where: { field: "event.total", operator: "atLeast", value: 50 }, count: { exactly: 2 } },
    true,
  ],
  [{ event: "order.placed", where: { field: "event.coupon", operator: "exists" } }, false],
])("of the events on record, %j is %s", (condition, result) => {
  expect(checkCondition(condition)).toEqual([]);
  expect(conditionSchema.parse(condition)).toEqual(condition);
  expect(evaluate(condition, orders, now)).toBe(result);
});

test.each<[Condition, boolean]>([
  [{ message: "opened" }, true],
  [{ message: "opened", count: { exactly: 2 } }, true],
  [{ message: "opened", within: week, count: { exactly: 1 } }, true],
  [{ message: "delivered" }, false],
  [{ message: "opened", flow, step: "mail", count: { atLeast: 2 } }, true],
  [{ message: "opened", flow: segment }, false],
  [{ message: "clicked", link: "https://a.example" }, true],
  [{ message: "clicked", link: "https://b.example" }, false],
])("of the messages on record, %j is %s", (condition, result) => {
  expect(checkCondition(condition)).toEqual([]);
  expect(conditionSchema.parse(condition)).toEqual(condition);
  expect(evaluate(condition, mails, now)).toBe(result);
});

test("a segment counts when the contact is known to be in it", () => {
  const inside: Condition = { segment };
  expect(evaluate(inside, scopeOf({}, [segment]), now)).toBe(true);
  expect(evaluate(inside, scopeOf({}), now)).toBe(false);
  expect(
    evaluate({ field: "contact.segments", operator: "includes", value: segment }, scopeOf({}, [segment]), now),
  ).toBe(true);
});

test("what was not loaded has not happened", () => {
  expect(evaluate({ event: "order.placed" }, { contact: contactScope(bare) }, now)).toBe(false);
  expect(evaluate({ event: "order.placed", count: { exactly: 0 } }, { event: {} }, now)).toBe(true);
});

test("an explanation says how many there were, and the last", () => {
  const condition: Condition = { and: [{ event: "order.placed", within: week }, { message: "sent" }, { segment }] };
  expect(explain(condition, orders, now)).toEqual({
    and: [
      { event: "order.placed", within: week, actual: 2, lastAt: daysAgo(1).toISOString(), result: true },
      { message: "sent", actual: 0, result: false },
      { segment, result: false },
    ],
    result: false,
  });
});

test.each<[unknown, string, string]>([
  [{ event: "" }, "event", "needs the name of an event"],
  [{ event: 5 }, "event", "needs the name of an event"],
  [{ event: "a", within: { amount: 0, unit: "days" } }, "within", "needs a duration"],
  [{ event: "a", count: { atLeast: 0 } }, "count", "needs exactly one of"],
  [{ event: "a", count: { atLeast: 1, atMost: 2 } }, "count", "needs exactly one of"],
  [{ event: "a", count: { exactly: 1001 } }, "count", "at most 1000"],
  [{ event: "a", count: 3 }, "count", "needs exactly one of"],
  [{ event: "a", where: { field: "contact.plan", operator: "exists" } }, "where.field", "looks at that event only"],
  [{ event: "a", where: { and: [{ event: "b" }] } }, "where.and[0].event", "looks at that event only"],
  [{ event: "a", operator: "is" }, "operator", "not known here"],
  [{ message: "read" }, "message", "needs one of sent"],
  [{ message: "sent", flow: "x" }, "flow", "needs the id of a flow"],
  [{ message: "sent", link: "" }, "link", "needs an address"],
  [{ segment: "vip" }, "segment", "needs the id of a segment"],
  [{ segment, event: "a" }, "", "exactly one of"],
])("refuses %j, naming the part", (condition, path, message) => {
  expect(checkCondition(condition)).toEqual([{ path, message: expect.stringContaining(message) }]);
});

test("says what a condition reads, each `where` left out", () => {
  const reads = readsOf([
    {
      and: [
        { field: "contact.plan.name", operator: "exists" },
        { field: "event.total", operator: "exists" },
        { segment },
      ],
    },
    { not: { event: "a", where: { field: "event.x", operator: "exists" } } },
    { message: "opened" },
  ]);
  expect(reads).toEqual({
    fields: new Set(["plan"]),
    events: [{ name: "a", within: null, payload: true }],
    messages: new Set(["opened"]),
    segments: new Set([segment]),
    isTimed: false,
  });
});

const soon: Condition = { field: "contact.due", operator: "withinNext", value: week };
const gold: Condition = { field: "contact.plan", operator: "is", value: "gold" };
const recent: Condition = { event: "order.placed", within: week };

test.each<[string, Condition, Date | null]>([
  ["an event that leaves its window", recent, new Date(daysAgo(1).getTime() + 7 * 86_400_000 + 1)],
  ["two of which one leaves first", { ...recent, count: { atLeast: 2 } }, new Date(now.getTime() + 1)],
  ["too few, which time does not change", { ...recent, count: { atLeast: 3 } }, null],
  ["too many, until one is gone", { ...recent, count: { atMost: 1 } }, new Date(now.getTime() + 1)],
  ["no window", { event: "order.placed" }, null],
  ["a part that time alone does not mend", { and: [recent, { not: gold }] }, null],
  ["the first of two parts that hold", { and: [gold, recent] }, new Date(daysAgo(1).getTime() + 7 * 86_400_000 + 1)],
  ["one of two that hold is enough", { or: [gold, recent] }, null],
  ["a missing date", soon, null],
  ["a date against a fixed instant", { field: "contact.createdAt", operator: "before", value: "2026-09-01" }, null],
])("finds when the answer can change: %s", (_, condition, expected) => {
  expect(nextChangeAt(condition, orders, now)).toEqual(expected);
});

const dates = [
  "2026-03-31T12:00:00.000Z",
  "2026-04-30",
  "2026-02-28T23:00:00Z",
  "2026-03-01",
  "2027-01-01",
  "2026-03-31T12:00:00.001Z",
];
const spans: Duration[] = [
  week,
  { amount: 1, unit: "months" },
  { amount: 36, unit: "hours" },
  { amount: 13, unit: "months" },
];
const timed: Condition[] = [
  { field: "contact.due", operator: "before", value: "now" },
  { field: "contact.due", operator: "after", value: "now" },
  ...spans.flatMap((value): Condition[] => [
    { field: "contact.due", operator: "withinLast", value },
    { field: "contact.due", operator: "withinNext", value },
    { event: "due", within: value },
    { event: "due", count: { atMost: 0 }, where: { field: "event.on", operator: "withinNext", value } },
  ]),
];

test.each(dates.flatMap((due) => timed.map((condition) => [due, condition] as const)))(
  "for %s, the answer of %j stays what it was until the instant foretold, and changes there or is foretold anew",
  (due, condition) => {
    const activity = { events: [{ name: "due", payload: { on: due }, occurredAt: new Date(due) }], messages: [] };
    const scope = { contact: contactScope({ ...bare, properties: { due }, activity }) };
    let at = now;
    for (let step = 0; step < 12; step += 1) {
      const next = nextChangeAt(condition, scope, at);
      const answer = evaluate(condition, scope, at);
      const end = next?.getTime() ?? at.getTime() + 800 * 86_400_000;
      for (let part = 1; part < 60; part += 1) {
        const between = new Date(at.getTime() + Math.floor(((end - at.getTime()) * part) / 60));
        if (between.getTime() < end) expect(evaluate(condition, scope, between), between.toISOString()).toBe(answer);
      }
      if (next === null) return;
      expect(next > at).toBe(true);
      expect(evaluate(condition, scope, new Date(next.getTime() - 1))).toBe(answer);
      at = next;
    }
    throw new Error("It changes too often.");
  },
);
