import { expect, test } from "vitest";
import { clientOf } from "./client-facts.ts";

test("says address, program and page, cut and without what cannot be kept", () => {
  const headers = { "user-agent": `${"a".repeat(400)}`, referer: "https://shop.example/\0\ud800" };
  expect(clientOf({ ip: "::1", headers })).toEqual({
    ip: "::1",
    userAgent: "a".repeat(300),
    referer: "https://shop.example/\ufffd",
  });
  expect(clientOf({ ip: "::1", headers: {} })).toEqual({ ip: "::1", userAgent: "", referer: "" });
});

test("is the same value for calls of one sender, and another as soon as anything differs", () => {
  const calls = [
    { ip: "::1", headers: {} },
    { ip: "::2", headers: {} },
    { ip: "::2", headers: { "user-agent": "a" } },
    { ip: "::2", headers: { "user-agent": "a", referer: "b" } },
    { ip: "::2", headers: { "user-agent": "c", referer: "b" } },
  ];
  const clients = calls.map((call) => {
    const client = clientOf(call);
    expect(clientOf({ ...call })).toBe(client);
    return client;
  });
  const texts = clients.map((client) => JSON.stringify(client));
  expect(new Set(texts).size).toBe(calls.length);
  expect(JSON.parse(texts.at(-1) ?? "")).toEqual({ ip: "::2", userAgent: "c", referer: "b" });
});
