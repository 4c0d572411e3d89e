import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "./redact.ts";

const secret = 'p@ss "w/ö<r>d\\';

test("leaves everything as it is when there are no secrets", () => {
  const value = { a: ["b", 1, null] };
  expect(createRedactor({})(value)).toBe(value);
});

test("leaves what holds no secret as it is", () => {
  const value = { a: ["b", 1, null] };
  expect(createRedactor({ token: "abcdef" })(value)).toBe(value);
});

test.each([
  ["plain", secret],
  ["percent", encodeURIComponent(secret)],
  ["percent in lower case", encodeURIComponent(secret).toLowerCase()],
  ["a URL", new URL(`https://example.com/?a=${encodeURIComponent(secret)}`).href],
  ["form", new URLSearchParams({ a: secret }).toString()],
  ["JSON", JSON.stringify({ a: secret })],
  ["HTML", "p@ss &quot;w/ö&lt;r&gt;d\\"],
  ["header bytes", Buffer.from(secret).toString("latin1")],
  ["base64", Buffer.from(secret).toString("base64")],
  ["base64url", Buffer.from(secret).toString("base64url")],
  ["hex", Buffer.from(secret).toString("hex")],
  ["Basic credentials", Buffer.from(`user:${secret}`).toString("base64")],
  ["Basic credentials of another user", Buffer.from(`ab:${secret}`).toString("base64")],
  ["Basic credentials as user", Buffer.from(`${secret}:`).toString("base64")],
])("finds a secret as %s", (_, text) => {
  const redacted = createRedactor({ word: secret })({ body: [`before ${text} after`] });
  expect(JSON.stringify(redacted)).toContain("[secret:word]");
});

test("finds secrets in names, in numbers, and inside longer texts", () => {
  const redact = createRedactor({ token: "abcdef", pin: "123456" });
  expect(redact({ xabcdefx: 123456, list: ["abcdef123456"], near: 12345 })).toEqual({
    "x[secret:token]x": "[secret:pin]",
    list: ["[secret:token][secret:pin]"],
    near: 12345,
  });
});

test("takes the longer of two secrets where both begin", () => {
  expect(createRedactor({ short: "abcd", long: "abcdefgh" })("abcdefgh abcd")).toBe("[secret:long] [secret:short]");
});

test("does not look for what would be found by chance", () => {
  expect(createRedactor({ tiny: "gol", empty: "" })({ tier: "gold" })).toEqual({ tier: "gold" });
});

test("no text keeps a secret, whatever characters it has", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 4, maxLength: 20 }), fc.string(), (word, around) => {
      // A secret that is itself part of the replacement would stand in every redacted text.
      fc.pre(!"[secret:word]".includes(word) && !around.includes(word));
      return !createRedactor({ word })([`${around}\n${word}\n${around}`])[0]?.includes(word);
    }),
  );
});
