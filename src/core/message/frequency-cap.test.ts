import { expect, test } from "vitest";
import { type FrequencyCap, frequencyCapSchema } from "../workspace-settings.ts";
import { type CountedMessage, findOverCap, longestSpanMs } from "./frequency-cap.ts";

const now = new Date("2026-03-10T12:00:00Z");
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const cap = (changes: object): FrequencyCap => frequencyCapSchema.parse({ count: 2, hours: 24, ...changes });
const sent = (hours: number, changes: Partial<CountedMessage> = {}): CountedMessage => ({
  ...{ id: `m-${hours}`, channel: "email", topic: null, at: hoursAgo(hours) },
  ...changes,
});
const news = { topic: "news" };

test.each<[string, FrequencyCap[], CountedMessage[], FrequencyCap | null]>([
  ["nothing sent yet", [cap({})], [], null],
  ["one sent of two", [cap({})], [sent(1)], null],
  ["two sent of two", [cap({})], [sent(1), sent(2)], cap({})],
  ["one of them as long ago as the cap looks", [cap({})], [sent(1), sent(24)], null],
  ["one of them just within", [cap({})], [sent(1), sent(23.999)], cap({})],
  ["the others on another channel", [cap({ channel: "email" })], [sent(1, { channel: "sms" }), sent(2)], null],
  ["a cap over all channels", [cap({})], [sent(1, { channel: "sms" }), sent(2)], cap({})],
  ["a cap for another channel", [cap({ channel: "sms" })], [sent(1), sent(2)], null],
  ["a cap for its topic, others of other topics", [cap(news)], [sent(1, news), sent(2)], null],
  ["a cap for its topic, all of it", [cap(news)], [sent(1, news), sent(2, news)], cap(news)],
  ["a cap for another topic", [cap({ topic: "offers" })], [sent(1, news), sent(2, news)], null],
  ["of two caps the one that is full", [cap({ count: 9 }), cap({ count: 1 })], [sent(1)], cap({ count: 1 })],
  ["of two full caps the one that drops", [cap({ action: "hold", hours: 48 }), cap({})], [sent(1), sent(2)], cap({})],
])("a message with the topic news and %s", (...[, caps, counted, expected]) => {
  const message = { id: "new", channel: "email", ...news };
  expect(findOverCap(message, { caps, counted, now })?.cap ?? null).toEqual(expected);
});

test("a message that was begun before does not count for itself", () => {
  const message = { id: "m-1", channel: "email", topic: null };
  expect(findOverCap(message, { caps: [cap({})], counted: [sent(1), sent(2)], now })).toBeNull();
});

test("there is room again when so many are out of sight that one more fits", () => {
  const message = { id: "new", channel: "email", topic: null };
  const over = findOverCap(message, { caps: [cap({})], counted: [sent(1), sent(5), sent(20), sent(3)], now });
  expect(over).toMatchObject({ count: 4, until: new Date(hoursAgo(3).getTime() + 24 * 3_600_000) });
});

test("the longest look back is that of the widest cap", () => {
  expect(longestSpanMs([cap({}), cap({ hours: 100 })])).toBe(360_000_000);
  expect(longestSpanMs([])).toBe(0);
});
