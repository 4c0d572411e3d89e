import fc from "fast-check";
import { expect, test } from "vitest";
import { type EncodedBody, encodeBody } from "./body-encoding.ts";

test("ASCII in short lines goes out as it is, with CRLF", () => {
  expect(encodeBody("<p>one</p>\n<p>two</p>\r\n\rthree")).toEqual({
    encoding: "7bit",
    content: "<p>one</p>\r\n<p>two</p>\r\n\r\nthree",
  });
});

test.each([
  ["umlauts", "Grüße an alle in der Stadt", "quoted-printable"],
  ["mostly other scripts", "您好，您的订单已经发货", "base64"],
  ["a long line", "x".repeat(501), "quoted-printable"],
  ["a blank at the end of a line", "one \ntwo", "quoted-printable"],
  ["a line that begins like a mailbox's", "Hello\nFrom here on", "quoted-printable"],
  ["a control character", "a\0b", "quoted-printable"],
  ["nothing", "", "7bit"],
])("%s: %s goes out as %s", (_name, text, encoding) => {
  expect(encodeBody(text).encoding).toBe(encoding);
});

test("no line of quoted-printable begins with From, not even after a soft break", () => {
  const { content } = encodeBody(`${"é".repeat(5)}${"x".repeat(45)}From me\nFrom you`.repeat(20));
  expect(content).not.toMatch(/^From /m);
});

test("what is encoded decodes to the same text, in lines of at most 76 characters", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.string({ unit: "grapheme", maxLength: 400 }),
    fc.string({ maxLength: 900 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const encoded = encodeBody(text);
      expect(decode(encoded)).toBe(
        Buffer.from(text)
          .toString()
          .replace(/\r\n?|\n/g, "\r\n"),
      );
      const longest = Math.max(...encoded.content.split("\r\n").map((line) => line.length));
      expect(longest).toBeLessThanOrEqual(encoded.encoding === "7bit" ? 500 : 76);
      expect(encoded.content).not.toMatch(/[^\t\r\n\x20-\x7e]/);
    }),
    { numRuns: 500 },
  );
});

function decode({ encoding, content }: EncodedBody): string {
  if (encoding === "7bit") return content;
  if (encoding === "base64") return Buffer.from(content, "base64").toString();
  const bytes = content
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}
