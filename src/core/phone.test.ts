import fc from "fast-check";
import { expect, test } from "vitest";
import { normalizePhone } from "./phone.ts";

test.each([
  ["+393331234567", undefined, "+393331234567"],
  ["+39 333 123 4567", undefined, "+393331234567"],
  ["(+39) 333-123.4567", undefined, "+393331234567"],
  [" 393331234567", undefined, "+393331234567"],
  ["0039 333 123 4567", undefined, "+393331234567"],
  ["333 123 4567", "IT", "+393331234567"],
  ["06 1234 5678", "it", "+390612345678"],
  ["030 901820", "DE", "+4930901820"],
  ["(212) 555-0123", "US", "+12125550123"],
  ["+1 212 555 0123", "IT", "+12125550123"],
])("reads %j in %s as %s", (text, country, value) => {
  expect(normalizePhone(text, country)).toEqual({ ok: true, value });
});

test.each([
  ["", undefined],
  ["3331234567", undefined],
  ["3331234567", "XX"],
  ["+39", undefined],
  ["+999123456789", undefined],
  ["+39333123456789012", undefined],
  ["call me", "IT"],
  ["call +393331234567 now", undefined],
  ["+39 333 123 4567 ext. 12", undefined],
  ["1".repeat(100), "IT"],
])("refuses %j in %s with a sentence", (text, country) => {
  expect(normalizePhone(text, country)).toMatchObject({
    ok: false,
    message: expect.stringMatching(/^The phone number .*\.$/),
  });
});

test("a normal form is its own normal form", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3_000_000_000, max: 3_999_999_999 }), (number) => {
      const first = normalizePhone(String(number), "IT");
      if (first.ok) expect(normalizePhone(first.value)).toEqual(first);
    }),
  );
});
