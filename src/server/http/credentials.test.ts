import { expect, test } from "vitest";
import type { CredentialForm } from "../../doors/door.ts";
import { credentialHint, readCredentials, showsCredentials } from "./credentials.ts";

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

test.each<[CredentialForm, Record<string, string>, object | null]>([
  ["bearer", { authorization: "Bearer abc" }, { secret: "abc" }],
  ["bearer", { authorization: "bearer   abc  " }, { secret: "abc" }],
  ["bearer", { authorization: "Bearer b'abc'" }, { secret: "b'abc'" }],
  ["bearer", { authorization: "Bearer a b" }, null],
  ["bearer", { authorization: "Token abc" }, null],
  ["bearer", { authorization: `Bearer ${"x".repeat(513)}` }, null],
  ["bearer", {}, null],
  ["token", { authorization: "Token abc" }, { secret: "abc" }],
  ["token", { authorization: "Bearer abc" }, null],
  ["raw", { authorization: "abc" }, { secret: "abc" }],
  ["raw", { authorization: "Bearer abc" }, null],
  ["basic", basic("abc:"), { secret: "abc" }],
  ["basic", basic("abc:secret:more"), { secret: "abc" }],
  ["basic", basic("abc"), { secret: "abc" }],
  ["basic", basic(":x"), null],
  ["basic", { authorization: "Basic" }, null],
  ["consumer", { consumerkey: "id", consumersecret: "abc" }, { secret: "abc", id: "id" }],
  ["consumer", { consumersecret: "abc" }, null],
  ["consumer", { consumerkey: "id" }, null],
  ["authkey", { authkey: "A".repeat(40) }, { secret: "a".repeat(40) }],
  ["authkey", { authkey: "stk_key" }, null],
])("%s reads %j", (form, headers, credentials) => {
  expect(readCredentials(headers, [form])).toEqual(credentials);
});

test("the first form that shows something counts", () => {
  const headers = { authorization: "Bearer abc", consumerkey: "id", consumersecret: "def" };
  expect(readCredentials(headers, ["consumer", "bearer"])).toEqual({ secret: "def", id: "id" });
  expect(readCredentials(headers, ["token", "bearer"])).toEqual({ secret: "abc" });
});

test("a broken header counts as shown, so that a typing error is not taken for no key", () => {
  expect(showsCredentials({ authorization: "Bearer" }, ["bearer"])).toBe(true);
  expect(showsCredentials({ consumerkey: "id", consumersecret: "x" }, ["bearer", "consumer"])).toBe(true);
  expect(showsCredentials({ authkey: "x" }, ["bearer"])).toBe(false);
});

test("the hint names every form that is taken", () => {
  expect(credentialHint(["bearer", "consumer"])).toBe(
    "Send the API key as Authorization: Bearer <key>, or as the headers consumerKey (the id of the key) and consumerSecret (the key).",
  );
});
