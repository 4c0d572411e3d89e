import { expect, test } from "vitest";
import { entryHears, entrySays, isSilver, refused } from "../../testing/entry-suite.ts";
import { inboundMessage } from "./run.ts";

const says = (config: object, text: unknown) =>
  entrySays(inboundMessage, config, { name: "$inbound", payload: { channel: "whatsapp", text: text as string } });
const no = refused("no_keyword");
const admit = { admit: true };

test("listens to messages from contacts", () => {
  expect(entryHears(inboundMessage, {})).toEqual(["$inbound"]);
});

test.each([
  [{}, "anything", admit],
  [{}, "", admit],
  [{ keywords: ["stop"] }, "stop", admit],
  [{ keywords: ["stop"] }, "  STOP \n", admit],
  [{ keywords: [" Stop  it "] }, "stop\tIT", admit],
  [{ keywords: ["stop"] }, "please stop", no],
  [{ keywords: ["stop"] }, "", no],
  [{ keywords: ["start", "stop"] }, "stop", admit],
  [{ keywords: ["stop"], match: "contains" }, "Please STOP now", admit],
  [{ keywords: ["stop it"], match: "contains" }, "please stop   it", admit],
  [{ keywords: ["stop"], match: "contains" }, "go on", no],
  [{ keywords: ["ÈSÌ"] }, "èsì", admit],
  [{ keywords: ["é"] }, "e\u0301", admit],
  [{ keywords: ["si"] }, "sì", no],
  [{ channel: "whatsapp" }, "hi", admit],
  [{ channel: "sms" }, "hi", refused("other_channel")],
  [{ where: isSilver }, "hi", refused("condition_not_met")],
  [{ keywords: ["stop"] }, undefined, no],
])("%j says to %j: %j", (config, text, expected) => {
  expect(says(config, text)).toMatchObject(expected);
});

test("refuses other events", () => {
  expect(entrySays(inboundMessage, {}, { name: "hello" })).toEqual(refused("other_event"));
});

test.each([
  { keywords: [] },
  { keywords: [" "] },
  { keywords: ["x".repeat(101)] },
  { match: "starts" },
  { channel: "fax" },
  { keyword: "stop" },
])("refuses the configuration %j", (config) => {
  expect(inboundMessage.config.safeParse(config).success).toBe(false);
});
