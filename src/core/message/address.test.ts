import fc from "fast-check";
import { expect, test } from "vitest";
import { domainOf, normalizeEmail, parseAddress } from "./address.ts";

test.each([
  ["anna@mail.example", "anna@mail.example"],
  ["  Anna.Bianchi+News@Mail.EXAMPLE \n", "anna.bianchi+news@mail.example"],
  ["o'neil_1-x@sub.mail-1.example", "o'neil_1-x@sub.mail-1.example"],
  ["anna@münchen.example", "anna@xn--mnchen-3ya.example"],
  ["anna@MÜNCHEN.example", "anna@xn--mnchen-3ya.example"],
  ["anna@xn--mnchen-3ya.example", "anna@xn--mnchen-3ya.example"],
  ["andré@mail.example", "andré@mail.example"],
  ["用户@例子.中国", "用户@xn--fsqu00a.xn--fiqs8s"],
])("keeps %j as %s", (text, value) => {
  expect(normalizeEmail(text)).toEqual({ ok: true, value });
});

test.each([
  ["", "has no @"],
  ["anna", "has no @"],
  ["@mail.example", "nothing before the @"],
  ["anna@", "a domain that cannot exist"],
  ["anna@localhost", "a domain that cannot exist"],
  ["anna@mail..example", "a domain that cannot exist"],
  ["anna@-mail.example", "a domain that cannot exist"],
  ["anna@mail.example.", "a domain that cannot exist"],
  ["anna@192.0.2.1", "a domain that cannot exist"],
  ["anna@[192.0.2.1]", "a domain that cannot exist"],
  ["anna@mail.example/x", "a domain that cannot exist"],
  ["anna@mail.example:25", "a domain that cannot exist"],
  ["anna@m%61il.example", "a domain that cannot exist"],
  ["anna@ma_il.example", "a domain that cannot exist"],
  ["anna@münchen.example/x", "a domain that cannot exist"],
  ["anna@xn--a.example", "a domain that cannot exist"],
  [`anna@${"a".repeat(64)}.example`, "a domain that cannot exist"],
  [".anna@mail.example", "characters before the @"],
  ["an..na@mail.example", "characters before the @"],
  ["an na@mail.example", "characters before the @"],
  ["anna,bob@mail.example", "characters before the @"],
  ["a@b@mail.example", "characters before the @"],
  ['"anna"@mail.example', "characters before the @"],
  ["anna\r\nRCPT TO:<x@y.example>@mail.example", "characters before the @"],
  ["Anna <anna@mail.example>", "characters before the @"],
  [`${"a".repeat(65)}@mail.example`, "more than 64 characters"],
  [`${"é".repeat(33)}@mail.example`, "more than 64 characters"],
  [`${"a".repeat(60)}@${"a123456789.".repeat(18)}example`, "longer than 254 characters"],
  ["a".repeat(1_000_000), "longer than 254 characters"],
])("refuses %.60j", (text, words) => {
  expect(normalizeEmail(text)).toMatchObject({ ok: false, message: expect.stringContaining(words) });
});

test("a normal form is its own normal form, and safe inside an SMTP command", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.emailAddress(),
        fc.string({ unit: "grapheme" }).map((text) => `${text}@mail.example`),
      ),
      (text) => {
        const first = normalizeEmail(text);
        if (!first.ok) return;
        expect(normalizeEmail(first.value)).toEqual(first);
        expect(first.value).not.toMatch(/[\s<>\p{Cc}]/u);
      },
    ),
  );
});

test("a plain address is read like any other, and quickly whatever it is made of", () => {
  const part = fc.string({ unit: fc.constantFrom("a", "z", "0", "_", "-", "+", "."), maxLength: 70 });
  const domain = fc.string({ unit: fc.constantFrom("a", "9", "-", "."), maxLength: 200 });
  let valid = 0;
  fc.assert(
    fc.property(part, domain, fc.constantFrom(".example", ".it", "", ".9"), (name, own, end) => {
      const text = `${name}@${own}${end}`;
      const read = normalizeEmail(text);
      // White space around it, which does not count, keeps it from being plain.
      expect(read).toEqual(normalizeEmail(` ${text}`));
      if (read.ok) valid += 1;
    }),
    { numRuns: 3000 },
  );
  expect(valid).toBeGreaterThan(10);
  const begun = performance.now();
  for (const unit of ["a", "a+", "a."])
    for (const end of ["+@a.it", "@a.i1", `@${"a.".repeat(90)}-`])
      normalizeEmail(`${unit.repeat(60 / unit.length)}${end}`);
  expect(performance.now() - begun).toBeLessThan(50);
});

test.each([
  ["anna@mail.example", { address: "anna@mail.example" }],
  ["<anna@mail.example>", { address: "anna@mail.example" }],
  ["Anna Bianchi <Anna@Mail.example>", { address: "anna@mail.example", name: "Anna Bianchi" }],
  ['"Bianchi, \\"Anna\\"" <anna@mail.example>', { address: "anna@mail.example", name: 'Bianchi, "Anna"' }],
  ["Anna <3 <anna@mail.example>", { address: "anna@mail.example", name: "Anna <3" }],
  ["安娜 <anna@mail.example>", { address: "anna@mail.example", name: "安娜" }],
])("reads the mailbox %s", (text, value) => {
  expect(parseAddress(text)).toEqual({ ok: true, value });
});

test.each([
  "Anna",
  "Anna <>",
  "Anna anna@mail.example>",
  "Anna\r\nBcc: x@y.example <anna@mail.example>",
  `${"n".repeat(257)} <a@b.example>`,
  "a@b.example, c@d.example",
])("refuses the mailbox %.60j", (text) => {
  expect(parseAddress(text)).toMatchObject({ ok: false, message: expect.stringMatching(/\.$/) });
});

test("the domain is what stands behind the last @", () => {
  expect(domainOf("anna@mail.example")).toBe("mail.example");
});
