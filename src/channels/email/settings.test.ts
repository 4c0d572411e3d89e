import { expect, test } from "vitest";
import { emailTransportSettings, parseSmtpUrl } from "./settings.ts";

const value = (url: string) => {
  const parsed = parseSmtpUrl(url);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
};

test.each([
  [
    "smtp://mail.example.com",
    { host: "mail.example.com", port: 587, secure: "opportunistic", verifyCertificate: true },
  ],
  ["smtp://mail.example.com:25?tls=required", { port: 25, secure: "starttls" }],
  ["smtp://mail.example.com?tls=off", { secure: "none" }],
  ["smtps://mail.example.com", { port: 465, secure: "tls" }],
  ["smtps://mail.example.com:8465?verify=off", { port: 8465, secure: "tls", verifyCertificate: false }],
  [
    "smtp://anna%40shop.example:p%2Fw%3A@[::1]:2525",
    { user: "anna@shop.example", password: "p/w:", host: "::1", port: 2525 },
  ],
  [
    "smtp://h?connections=3&messages=7&rate=12.5&name=out.example.com",
    { maxConnections: 3, maxMessagesPerConnection: 7, rateLimitPerSecond: 12.5, clientName: "out.example.com" },
  ],
])("reads %s", (url, expected) => {
  expect(value(url)).toMatchObject(expected);
});

test("a URL without user has none", () => {
  expect(value("smtp://mail.example.com")).not.toHaveProperty("user");
});

test.each([
  ["mail.example.com:25", "must start with smtp://"],
  ["not a url", "must be an address such as"],
  ["http://mail.example.com", "must start with smtp:// or smtps://, not http://"],
  ["smtp://", "names no host"],
  ["smtp://mail.example.com/inbox", "must not have a path"],
  ["smtp://mail.example.com?tls=maybe", "takes tls=required or tls=off"],
  ["smtp://mail.example.com?verify=on", "takes verify=off only"],
  ["smtp://mail.example.com?pool=3", 'unknown option "pool"'],
  ["smtp://mail.example.com?connections=many", "wrong maxConnections"],
  ["smtp://mail.example.com?connections=0", "wrong maxConnections"],
  ["smtp://mail.example.com?rate=-1", "wrong rateLimitPerSecond"],
  ["smtp://mail.example.com?name=a%0d%0ab", "wrong clientName"],
  ["smtp://us%ZZer:x@mail.example.com", "broken % escape"],
])("refuses %s with a sentence", (url, words) => {
  const parsed = parseSmtpUrl(url);
  expect(parsed).toMatchObject({ ok: false, message: expect.stringContaining(words) });
});

test("never repeats the password in the sentence", () => {
  const parsed = parseSmtpUrl("smtp://anna:hunter2@mail.example.com?rate=x");
  expect(JSON.stringify(parsed)).not.toContain("hunter2");
});

test("fills in limits and timeouts", () => {
  expect(emailTransportSettings.parse({ kind: "smtp", host: "h", port: 25 })).toMatchObject({
    maxConnections: 10,
    maxMessagesPerConnection: 500,
    timeouts: { connectMs: 10_000, commandMs: 60_000, dataMs: 600_000, idleMs: 10_000 },
  });
});

test("refuses unknown transports and unknown fields", () => {
  expect(emailTransportSettings.safeParse({ kind: "pigeon" }).success).toBe(false);
  expect(emailTransportSettings.safeParse({ kind: "sandbox", host: "h" }).success).toBe(false);
});
