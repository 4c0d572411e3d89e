import { expect, test } from "vitest";
import { entryHears, entrySays, isSilver, refused } from "../../testing/entry-suite.ts";
import { messageEvent } from "./run.ts";

const flow = "0190a000-0000-7000-8000-0000000000cc";
const payload = { message: "m-1", channel: "email", flow, step: "mail", link: "https://shop.example/sale?a=1" };
const clicked = { event: "clicked" };

test("listens to what becomes of messages, by its name", () => {
  expect(entryHears(messageEvent, { event: "opened" })).toEqual(["$message-opened"]);
});

test.each([
  [clicked, { admit: true }],
  [{ event: "opened" }, refused("other_event")],
  [{ ...clicked, channel: "email" }, { admit: true }],
  [{ ...clicked, channel: "sms" }, refused("other_channel")],
  [{ ...clicked, flow }, { admit: true }],
  [{ ...clicked, flow: "0190a000-0000-7000-8000-0000000000dd" }, refused("other_message")],
  [{ ...clicked, flow, step: "mail" }, { admit: true }],
  [{ ...clicked, flow, step: "other" }, refused("other_message")],
  [{ ...clicked, link: "https://shop.example/sale?a=1" }, { admit: true }],
  [{ ...clicked, link: "https://shop.example/sale" }, refused("other_link")],
  [{ ...clicked, link: "https://shop.example/sale*" }, { admit: true }],
  [{ ...clicked, link: "https://shop.example/new*" }, refused("other_link")],
  [{ ...clicked, where: isSilver }, refused("condition_not_met")],
])("%j says: %j", (config, expected) => {
  expect(entrySays(messageEvent, config, { name: "$message-clicked", payload })).toMatchObject(expected);
});

test("a click without a link is no click on a link", () => {
  const config = { ...clicked, link: "*" };
  const event = { name: "$message-clicked", payload: { ...payload, link: null } };
  expect(entrySays(messageEvent, config, event)).toEqual(refused("other_link"));
});

test.each([
  {},
  { event: "attempting" },
  { event: "clicked", step: "mail" },
  { event: "opened", link: "https://a.example" },
  { event: "opened", channel: "fax" },
  { event: "clicked", link: "x".repeat(2001) },
  { event: "clicked", flow: "12" },
])("refuses the configuration %j", (config) => {
  expect(messageEvent.config.safeParse(config).success).toBe(false);
});
