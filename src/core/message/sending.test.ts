import { expect, test } from "vitest";
import { type FrequencyCap, frequencyCapSchema } from "../workspace-settings.ts";
import { decideSending, type OutgoingMessage, type SendingRules, type SendingState } from "./sending.ts";

const night = new Date("2026-03-01T23:00:00Z");
const noon = new Date("2026-03-01T12:00:00Z");
const quiet = { from: "22:00", to: "08:00" };
const cap = (changes: object = {}): FrequencyCap => frequencyCapSchema.parse({ count: 1, hours: 24, ...changes });
const rate = { key: "w|flow:f", rate: { count: 1, per: "minute" } } as const;

function outgoing(
  id: string,
  rules: Partial<SendingRules> = {},
  changes: Partial<OutgoingMessage> = {},
): OutgoingMessage {
  const about = { contactId: "ada", channel: "email", topic: null, priority: 1, timeZone: "UTC" } as const;
  return { id, ...about, rules: { quietHours: null, caps: [], rates: [], ...rules }, ...changes };
}

const nothing = (): SendingState => ({ counted: new Map(), buckets: new Map() });

function decided(messages: readonly OutgoingMessage[], now: Date, state: SendingState = nothing()) {
  const verdicts = decideSending(messages, state, now);
  return messages.map((message) => {
    const verdict = verdicts.get(message);
    return verdict?.kind === "send" ? "send" : `${verdict?.kind} ${verdict?.rule}`;
  });
}

test("a message without rules goes", () => {
  expect(decided([outgoing("m1")], night)).toEqual(["send"]);
});

test.each([
  ["hold", night, "hold quiet_hours"],
  ["drop", night, "drop quiet_hours"],
  ["hold", noon, "send"],
] as const)("quiet hours that %s, at %s: %s", (action, now, expected) => {
  expect(decided([outgoing("m1", { quietHours: { ...quiet, action } })], now)).toEqual([expected]);
});

test("one that is held says by which rule, and until when in the zone of the contact", () => {
  const message = outgoing("m1", { quietHours: { ...quiet, action: "hold" } }, { timeZone: "Europe/Rome" });
  expect(decideSending([message], nothing(), night).get(message)).toEqual({
    kind: "hold",
    rule: "quiet_hours",
    until: new Date("2026-03-02T07:00:00Z"),
    detail: { from: "22:00", to: "08:00", timeZone: "Europe/Rome" },
  });
});

test("of several messages to one contact at once as many go as the cap allows, the urgent first", () => {
  const rules = { caps: [cap({ count: 2 })] };
  const messages = [
    outgoing("m1", rules, { priority: 2 }),
    outgoing("m2", rules),
    outgoing("m3", rules, { priority: 0 }),
    outgoing("m4", rules, { contactId: "bob" }),
  ];
  expect(decided(messages, noon)).toEqual(["drop frequency_cap", "send", "send", "send"]);
});

test("a cap that holds says when there is room", () => {
  const message = outgoing("m1", { caps: [cap({ action: "hold" })] });
  const counted = [{ id: "m0", channel: "email", topic: null, at: new Date("2026-03-01T10:00:00Z") }];
  const state = { ...nothing(), counted: new Map([["ada", counted]]) };
  expect(decideSending([message], state, noon).get(message)).toEqual({
    kind: "hold",
    rule: "frequency_cap",
    until: new Date("2026-03-02T10:00:00Z"),
    detail: { cap: { count: 1, hours: 24, channel: null, topic: null }, count: 1 },
  });
});

test("what a rate puts off takes no place under a cap", () => {
  const rules = { caps: [cap()], rates: [rate] };
  const messages = [outgoing("m1", { rates: [rate] }), outgoing("m2", rules), outgoing("m3", { caps: [cap()] })];
  expect(decided(messages, noon)).toEqual(["send", "hold rate_limit", "send"]);
});

test("what quiet hours or a cap keep back uses up no rate", () => {
  const messages = [
    outgoing("m1", { quietHours: { ...quiet, action: "hold" }, rates: [rate] }),
    outgoing("m2", { rates: [rate] }),
  ];
  expect(decided(messages, night)).toEqual(["hold quiet_hours", "send"]);
});

test("of two rates the slower decides, and one that refuses uses up nothing of the other", () => {
  const wide = { key: "w|transport:smtp", rate: { count: 2, per: "hour" } } as const;
  const state = nothing();
  expect(decided([outgoing("m1", { rates: [wide, rate] })], noon, state)).toEqual(["send"]);
  const before = state.buckets.get(wide.key)?.freeAt;
  expect(decided([outgoing("m2", { rates: [wide, rate] })], noon, state)).toEqual(["hold rate_limit"]);
  expect(state.buckets.get(wide.key)?.freeAt).toBe(before);
});
