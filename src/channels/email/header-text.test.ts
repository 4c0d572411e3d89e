import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeName, encodeText, headerLine, oneLine } from "./header-text.ts";

test("a short line stays one line", () => {
  expect(headerLine("Subject", "Hello")).toBe("Subject: Hello\r\n");
});

test("a long line is folded before spaces, at most 76 characters wide", () => {
  const folded = headerLine("Subject", "word ".repeat(50).trim());
  for (const line of folded.trimEnd().split("\r\n")) expect(line.length).toBeLessThanOrEqual(76);
});

test("unfolding gives back the very same line", () => {
  const value = fc
    .array(fc.constantFrom("a", "bb", " ", "  ", "c".repeat(40), "d".repeat(90)), { maxLength: 60 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(value, (text) => {
      const line = headerLine("X-Test", text);
      expect(line.slice(0, -2).replace(/\r\n(?=[ \t])/g, "")).toBe(`X-Test: ${text}`);
      expect(line.slice(0, -2)).not.toMatch(/\r\n[ \t]*(\r\n|$)/);
    }),
  );
});

test.each([
  ["Anna", "Anna"],
  ["Bianchi, Anna", '"Bianchi, Anna"'],
  ['The "Shop"', '"The \\"Shop\\""'],
  ["Müller", "=?UTF-8?Q?M=C3=BCller?="],
  ["安娜", "=?UTF-8?B?5a6J5aic?="],
])("writes the name %s as %s", (name, written) => {
  expect(encodeName(name)).toBe(written);
});

test("encoded words are at most 75 characters and never split a character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 120 }), (text) => {
      for (const word of encodeText(`é${text}`).split(" ")) {
        expect(word.length).toBeLessThanOrEqual(75);
        const [, letter, content = ""] = /^=\?UTF-8\?([QB])\?(.*)\?=$/.exec(word) ?? [];
        const bytes =
          letter === "B"
            ? Buffer.from(content, "base64")
            : Buffer.from(
                content.replace(/=(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
                "latin1",
              );
        expect(bytes.toString()).not.toContain("\ufffd");
      }
    }),
  );
});

test("line breaks and control characters become one space", () => {
  expect(oneLine(" a\r\n\tb\0c\u2028d ")).toBe("a b c d");
});
