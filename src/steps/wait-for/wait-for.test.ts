import { describe, expect, test } from "vitest";
import type { Occurrence, StepContext } from "../../core/flow/step-kind.ts";
import type { JsonObject } from "../../core/json.ts";
import { occurrence } from "../../testing/flow-fixture.ts";
import { describeStepKind, sampleContact, stepContext } from "../../testing/step-suite.ts";
import { waitFor } from "./run.ts";

const ordered = { exit: "ordered", event: "order.placed" };
const hour = { after: { amount: 1, unit: "hours" } };
const key = { event: "{{ event.cartId }}", run: "{{ event.cartId }}" };

describeStepKind(waitFor, {
  good: [
    { config: { for: [ordered] } },
    {
      config: {
        for: [{ ...ordered, key: { event: "{{ event.orderId }}" } }],
        timeout: hour,
        restartOn: [{ event: "cart.updated" }],
      },
    },
    {
      config: {
        for: [
          { exit: "yes", reply: { is: ["Yes"] }, channel: "sms" },
          { exit: "other", reply: "any" },
        ],
      },
    },
    { config: { for: [{ exit: "gold", property: "plan", to: "gold" }], timeout: { until: "2027-01-01" } } },
    {
      config: {
        for: [{ exit: "gold", property: "plan", to: null }],
        timeout: { untilDate: { field: "contact.nope" } },
      },
    },
    { config: { for: [{ exit: "rich", when: { field: "contact.plan", operator: "is", value: "gold" } }] } },
    { config: { for: [ordered], timeout: hour }, context: { occurrence: occurrence({ name: "order.placed" }) } },
    { config: { for: [ordered], timeout: hour }, context: { waitUntil: new Date("2026-03-01T12:00:00Z") } },
  ],
  bad: [
    { config: { for: [] }, path: "for" },
    { config: { for: [{ event: "order.placed" }] }, path: "for.0.exit" },
    { config: { for: [{ exit: "timeout", event: "order.placed" }] }, path: "for.0.exit" },
    { config: { for: [{ exit: "a", event: "$inbound" }] }, path: "for.0.event" },
    { config: { for: [{ exit: "a", event: "x", property: "plan" }] }, path: "for.0.property" },
    { config: { for: [{ exit: "a", reply: { is: [] } }] }, path: "for.0.reply.is" },
    { config: { for: [{ exit: "a", reply: { contains: [" "] } }] }, path: "for.0.reply.contains.0" },
    { config: { for: [{ exit: "a", when: { field: "plan" } }] }, path: "for.0.when.operator" },
    { config: { for: [{ ...ordered, key: { event: "{{ cart.id }}" } }] }, path: "for[0].key.event" },
    { config: { for: [{ ...ordered, key: { event: "{{ event.id", run: "x" } }] }, path: "for[0].key.event" },
    { config: { for: [ordered], timeout: { after: { amount: 0, unit: "hours" } } }, path: "timeout.after.amount" },
    { config: { for: [ordered], timeout: {} }, path: "timeout.after" },
    { config: { for: [ordered], restartOn: [{ event: "cart.updated" }] }, path: "restartOn" },
    {
      config: { for: [ordered], timeout: hour, restartOn: [{ event: "x", key: { event: "{{ x }}" } }] },
      path: "restartOn[0].key.event",
    },
  ],
});

const enteredAt = new Date("2026-03-01T12:00:00Z");
const end = new Date("2026-03-01T13:00:00Z");

function at(time: string): Date {
  return new Date(`2026-03-01T${time}Z`);
}

/** What the step does when this comes at that time to a run that has waited since noon. */
function when(config: JsonObject, came: Partial<Occurrence>, changes: Partial<StepContext> = {}) {
  const { acceptedAt = at("12:30:00") } = came;
  const waiting = { enteredAt, now: acceptedAt, waitUntil: config["timeout"] === undefined ? null : end, ...changes };
  const context = stepContext({ ...waiting, occurrence: occurrence({ acceptedAt, ...came }) }, { cartId: "c-1" });
  return waitFor.run(waitFor.config.parse(config), context);
}

test("exits are those of what is waited for, each once, and those of the timeout", () => {
  const exits = (config: JsonObject) => waitFor.exits(waitFor.config.parse(config));
  expect(exits({ for: [ordered, { ...ordered, event: "order.phoned" }] })).toEqual(["ordered"]);
  expect(exits({ for: [ordered], timeout: hour })).toEqual(["ordered", "timeout"]);
  expect(exits({ for: [ordered], timeout: { untilDate: { field: "contact.x" } } })).toEqual([
    "ordered",
    "timeout",
    "missing",
  ]);
});

test("listens to all that may come", () => {
  const config = {
    for: [
      ordered,
      { exit: "a", reply: "any" },
      { exit: "b", property: "plan" },
      { exit: "c", when: { field: "contact.plan", operator: "exists" } },
    ],
    timeout: hour,
    restartOn: [{ event: "cart.updated" }, { event: "order.placed" }],
  };
  const heard = ["order.placed", "$inbound", "$property:plan", "$contact-changed", "cart.updated"];
  expect(waitFor.listensTo?.(waitFor.config.parse(config))).toEqual(heard);
});

describe("an event", () => {
  test("leads to its exit, and is the result", () => {
    const came = { name: "order.placed", payload: { total: 5 } };
    expect(when({ for: [ordered] }, came)).toMatchObject({
      kind: "go",
      exit: "ordered",
      result: { by: "ordered", event: "order.placed", payload: { total: 5 }, at: "2026-03-01T12:30:00.000Z" },
    });
  });

  test.each<[string, JsonObject, JsonObject, string]>([
    ["with the run's key is the one", { key }, { cartId: "c-1" }, "go"],
    ["with spaces around its key is the one", { key }, { cartId: " c-1 " }, "go"],
    ["with another key is not", { key }, { cartId: "c-2" }, "wait"],
    ["without the key is not", { key }, {}, "wait"],
    ["is not, when both keys are empty", { key: { event: "{{ event.no }}", run: "{{ event.no }}" } }, {}, "wait"],
    [
      "whose condition holds is the one",
      { where: { field: "event.total", operator: "greaterThan", value: 10 } },
      { total: 11 },
      "go",
    ],
    [
      "whose condition does not hold is not",
      { where: { field: "event.total", operator: "greaterThan", value: 10 } },
      { total: 10 },
      "wait",
    ],
    [
      "can be compared with the one that began the run",
      { where: { field: "run.event.cartId", operator: "is", value: "c-1" } },
      {},
      "go",
    ],
    [
      "can be compared with earlier steps",
      { where: { field: "steps.loyalty.body.tier", operator: "is", value: "gold" } },
      {},
      "go",
    ],
  ])("%s", (...[, about, payload, kind]) => {
    expect(when({ for: [{ ...ordered, ...about }], timeout: hour }, { name: "order.placed", payload })).toMatchObject({
      kind,
    });
  });

  test("of several that would do, the first in the list counts", () => {
    const config = {
      for: [
        { ...ordered, exit: "large", where: { field: "event.total", operator: "greaterThan", value: 10 } },
        ordered,
      ],
    };
    expect(when(config, { name: "order.placed", payload: { total: 11 } })).toMatchObject({ exit: "large" });
    expect(when(config, { name: "order.placed", payload: { total: 1 } })).toMatchObject({ exit: "ordered" });
  });
});

describe("the timeout", () => {
  const config = { for: [ordered], timeout: hour };
  const none = (now: string, waitUntil: Date | null = end) =>
    waitFor.run(waitFor.config.parse(config), stepContext({ enteredAt, now: at(now), waitUntil }));

  test.each([
    ["a moment before it, an event is in time", "12:59:59.999", "ordered"],
    ["at its very instant, an event comes too late", "13:00:00", "timeout"],
    ["after it, an event comes too late", "13:00:01", "timeout"],
  ])("%s", (_name, time, exit) => {
    expect(when(config, { name: "order.placed", acceptedAt: at(time) })).toMatchObject({ kind: "go", exit });
  });

  test("an event that was in time counts, however late it is looked at", () => {
    const late = { now: at("15:00:00") };
    expect(when(config, { name: "order.placed", acceptedAt: at("12:59:00") }, late)).toMatchObject({ exit: "ordered" });
  });

  test("is counted from entering", () => {
    expect(none("12:00:00", null)).toEqual({ kind: "wait", until: end });
    expect(none("13:00:00")).toMatchObject({
      exit: "timeout",
      result: { by: "timeout", event: null, at: "2026-03-01T13:00:00.000Z" },
    });
  });

  test("of days keeps the wall clock of the contact's zone", () => {
    const day = waitFor.config.parse({ for: [ordered], timeout: { after: { amount: 1, unit: "days" } } });
    const entered = new Date("2026-03-28T12:00:00Z");
    expect(waitFor.run(day, stepContext({ enteredAt: entered, now: entered }))).toEqual({
      kind: "wait",
      until: new Date("2026-03-29T11:00:00Z"),
    });
  });

  test.each<[JsonObject, JsonObject]>([
    [{ until: "2026-03-02T00:00:00Z" }, { kind: "wait" }],
    [{ until: "2020-01-01" }, { kind: "go", exit: "timeout" }],
    [{ untilDate: { field: "contact.renewalDate" } }, { kind: "wait" }],
    [
      { untilDate: { field: "contact.birthday" } },
      { kind: "go", exit: "missing", detail: { field: "contact.birthday", found: null } },
    ],
  ])("%j at noon: %j", (timeout, outcome) => {
    const until = waitFor.config.parse({ for: [ordered], timeout });
    expect(waitFor.run(until, stepContext())).toMatchObject(outcome);
  });

  test("none: it waits for ever", () => {
    expect(waitFor.run(waitFor.config.parse({ for: [ordered] }), stepContext())).toEqual({ kind: "wait", until: null });
  });
});

describe("an event that restarts the clock", () => {
  const config = { for: [{ ...ordered, key }], timeout: hour, restartOn: [{ event: "cart.updated", key }] };

  test.each<[string, Partial<Occurrence>, string]>([
    ["counts from when it came", { payload: { cartId: "c-1" } }, "2026-03-01T13:30:00.000Z"],
    ["of another key does not", { payload: { cartId: "c-2" } }, end.toISOString()],
    [
      "counts a moment before the timeout",
      { payload: { cartId: "c-1" }, acceptedAt: at("12:59:59.999") },
      "2026-03-01T13:59:59.999Z",
    ],
  ])("%s", (_name, came, until) => {
    expect(when(config, { name: "cart.updated", ...came })).toMatchObject({ kind: "wait", until: new Date(until) });
  });

  test("comes too late at the very instant of the timeout", () => {
    expect(when(config, { name: "cart.updated", payload: { cartId: "c-1" }, acceptedAt: end })).toMatchObject({
      exit: "timeout",
    });
  });
});

describe("a reply", () => {
  test.each<[JsonObject, JsonObject, string]>([
    [{ reply: "any" }, { channel: "sms", text: "" }, "go"],
    [{ reply: "any", channel: "sms" }, { channel: "whatsapp", text: "hi" }, "wait"],
    [{ reply: { is: ["stop", "yes"] } }, { channel: "sms", text: "  YES " }, "go"],
    [{ reply: { is: ["yes"] } }, { channel: "sms", text: "yes please" }, "wait"],
    [{ reply: { contains: ["Order now"] } }, { channel: "sms", text: "I want to order  NOW!" }, "go"],
    [{ reply: { contains: ["later"] } }, { channel: "sms", text: null }, "wait"],
  ])("%j on %j: %s", (item, payload, kind) => {
    expect(when({ for: [{ exit: "replied", ...item }] }, { name: "$inbound", payload })).toMatchObject({ kind });
  });
});

describe("a property", () => {
  test.each<[JsonObject, JsonObject, string]>([
    [{}, { before: "free", after: "gold" }, "go"],
    [{}, { before: "gold", after: "gold", isSame: true }, "wait"],
    [{ to: "gold" }, { before: "free", after: "gold" }, "go"],
    [{ to: "gold" }, { before: "gold", after: "free" }, "wait"],
    [{ to: "5" }, { before: null, after: 5 }, "wait"],
    [{ to: null }, { before: "gold", after: null }, "go"],
    [{ to: { a: 1, b: 2 } }, { before: null, after: { b: 2, a: 1 } }, "go"],
  ])("%j on %j: %s", (item, change, kind) => {
    const came = { name: "$property:plan", payload: { property: "plan", ...change } };
    expect(when({ for: [{ exit: "changed", property: "plan", ...item }] }, came)).toMatchObject({ kind });
  });
});

describe("a condition", () => {
  const config = waitFor.config.parse({
    for: [{ exit: "gold", when: { field: "contact.plan", operator: "is", value: "gold" } }],
    timeout: hour,
  });
  const plan = (value: string) => sampleContact({ properties: { plan: value } });

  test("that holds already lets through at once", () => {
    expect(waitFor.run(config, stepContext({ contact: plan("gold") }))).toMatchObject({
      exit: "gold",
      result: { by: "gold", event: null, payload: null, at: "2026-03-01T12:00:00.000Z" },
    });
  });

  test.each([
    ["gold", { kind: "go", exit: "gold" }],
    ["free", { kind: "wait", until: end }],
  ])("is looked at again when the contact has changed: %s", (value, outcome) => {
    const changed = occurrence({ name: "$contact-changed", payload: {}, acceptedAt: at("12:30:00") });
    const context = { contact: plan(value), enteredAt, now: at("12:30:00"), waitUntil: end, occurrence: changed };
    expect(waitFor.run(config, stepContext(context))).toMatchObject(outcome);
  });

  test("that came true unnoticed does not beat the timeout", () => {
    const context = stepContext({ contact: plan("gold"), enteredAt, now: end, waitUntil: end });
    expect(waitFor.run(config, context)).toMatchObject({ exit: "timeout" });
  });
});

test.each<[JsonObject, boolean]>([
  [{ for: [ordered] }, true],
  [{ for: [ordered], timeout: hour }, true],
  [{ for: [ordered], timeout: { until: "2026-04-01" } }, false],
  [{ for: [{ exit: "a", when: { field: "contact.plan", operator: "exists" } }] }, false],
])("%j rests in a loop: %s", (config, pauses) => {
  expect(waitFor.pauses?.(waitFor.config.parse(config))).toBe(pauses);
});
