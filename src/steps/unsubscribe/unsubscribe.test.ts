import { expect, test } from "vitest";
import { describeStepKind, sampleContact, stepContext } from "../../testing/step-suite.ts";
import { unsubscribe } from "./run.ts";

const list = "0190a000-0000-7000-8000-00000000000a";

describeStepKind(unsubscribe, {
  good: [
    { config: { lists: [list] } },
    { config: { channels: ["email", "sms"] } },
    { config: { lists: [list], channels: ["email"] } },
  ],
  bad: [
    { config: {}, path: "lists" },
    { config: { lists: [], channels: [] }, path: "lists" },
    { config: { lists: ["news"] }, path: "lists.0" },
    { config: { channels: ["pigeon"] }, path: "channels.0" },
    { config: { lists: [list], why: "x" }, path: "why" },
  ],
});

function run(config: object, contact = sampleContact()) {
  return unsubscribe.run(unsubscribe.config.parse(config), stepContext({ contact, step: "bye" }));
}

test("leaves the lists and suppresses the address of each channel", () => {
  const suppress = { kind: "suppress", reason: "unsubscribed", source: "flow:flow-1:bye" };
  expect(run({ lists: [list], channels: ["email", "whatsapp"] })).toEqual({
    kind: "go",
    exit: "next",
    changes: [
      { kind: "set-membership", listId: list, state: "unsubscribed" },
      { ...suppress, channel: "email", address: "ada@example.com" },
      { ...suppress, channel: "whatsapp", address: "+393331234567" },
    ],
    detail: { lists: [list], channels: ["email", "whatsapp"] },
  });
});

test("a channel for which the contact has no address is named", () => {
  expect(run({ channels: ["email", "sms"] }, sampleContact({ phone: null }))).toMatchObject({
    changes: [{ kind: "suppress", channel: "email" }],
    detail: { channels: ["email"], noAddress: ["sms"] },
  });
});

test("says which lists have to be there when the flow is published", () => {
  expect(unsubscribe.refersTo?.(unsubscribe.config.parse({ lists: [list] }))).toEqual([
    { kind: "list", id: list, path: "lists[0]" },
  ]);
});
