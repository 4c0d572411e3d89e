import fc from "fast-check";
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { AppError } from "../../core/errors.ts";
import type { Mail } from "../../core/message/mail.ts";
import { composeEmail } from "./compose.ts";

const options = { id: "018f2f6e-0000-7000-8000-000000000001", date: new Date("2026-03-01T10:00:05Z") };
const mail = (changes: Partial<Mail> = {}): Mail => ({
  from: { address: "shop@shop.example", name: "The Shop" },
  to: { address: "anna@mail.example", name: "Anna" },
  subject: "Hello",
  html: "<p>Hello <b>Anna</b></p>",
  ...changes,
});
const compose = (changes: Partial<Mail> = {}) => composeEmail(mail(changes), options);
const parse = (changes: Partial<Mail> = {}) => PostalMime.parse(compose(changes).raw);
const lines = (raw: Buffer) => raw.toString("latin1").split("\r\n");

test("gives the envelope, the size and the Message-ID along with the bytes", () => {
  const composed = compose();
  expect(composed).toMatchObject({
    messageId: `<${options.id}@shop.example>`,
    envelope: { from: "shop@shop.example", to: ["anna@mail.example"] },
    sizeBytes: composed.raw.length,
    subject: "Hello",
  });
});

test("writes headers that a parser reads back", async () => {
  const parsed = await parse({
    replyTo: { address: "help@shop.example", name: "Help, please" },
    headers: { "X-Campaign": "spring" },
  });
  expect(parsed.from).toMatchObject({ address: "shop@shop.example", name: "The Shop" });
  expect(parsed.to).toMatchObject([{ address: "anna@mail.example", name: "Anna" }]);
  expect(parsed.replyTo).toMatchObject([{ address: "help@shop.example", name: "Help, please" }]);
  expect(parsed.messageId).toBe(`<${options.id}@shop.example>`);
  expect(parsed.headers).toContainEqual(expect.objectContaining({ key: "x-campaign", value: "spring" }));
  expect(lines(compose().raw)).toContain("Date: Sun, 01 Mar 2026 10:00:05 +0000");
});

test("makes the text part from the HTML, and keeps one that is given", async () => {
  expect((await parse()).text?.trim()).toBe("Hello Anna");
  expect((await parse({ text: "Other" })).text?.trim()).toBe("Other");
  expect((await parse()).html?.trim()).toBe("<p>Hello <b>Anna</b></p>");
});

test("takes another envelope sender for bounces", () => {
  expect(composeEmail(mail(), { ...options, envelopeFrom: "bounce@shop.example" }).envelope.from).toBe(
    "bounce@shop.example",
  );
});

test("gives the same bytes for the same mail", () => {
  expect(compose().raw.equals(compose().raw)).toBe(true);
});

test.each([
  ["umlauts", "Grüße aus München, schöne Tage!"],
  ["emoji", "🎉 Your order 👩‍👩‍👧‍👦 is on its way 🚚"],
  ["Chinese", "您的订单已经发货，感谢您的购买。".repeat(5)],
  ["what looks like an encoded word", "=?UTF-8?Q?fake?= subject"],
  ["a long ASCII text", "word ".repeat(60).trim()],
  ["a long word", "x".repeat(2_000)],
  ["doubled spaces around the fold", `${"a".repeat(60)}  ${"b".repeat(30)}   ${"c".repeat(60)}`],
  ["quotes and backslashes", 'He said "\\o/" (twice) <ok>; a@b, c'],
])("carries a subject with %s", async (_name, subject) => {
  const composed = compose({ subject });
  expect((await PostalMime.parse(composed.raw)).subject).toBe(subject);
  for (const line of lines(composed.raw)) expect(line.length).toBeLessThanOrEqual(998);
});

test.each([
  "\r\nBcc: evil@x.example",
  "\nBcc: evil@x.example",
  "\rBcc: evil@x.example",
  "\u2028Bcc: evil@x.example",
  "\r\n\r\n<html>evil",
])("a line break in a value starts no header: %j", async (injection) => {
  const bad = `Hi${injection}`;
  const parsed = await parse({
    subject: bad,
    from: { address: "shop@shop.example", name: bad },
    to: { address: "anna@mail.example", name: bad },
    replyTo: { address: "r@shop.example", name: bad },
    headers: { "X-Note": bad },
  });
  const expected = [
    "content-type",
    "date",
    "from",
    "message-id",
    "mime-version",
    "reply-to",
    "subject",
    "to",
    "x-note",
  ];
  expect(parsed.headers.map(({ key }) => key).sort()).toEqual(expected);
  expect(parsed.html?.trim()).toBe("<p>Hello <b>Anna</b></p>");
});

test.each(["Bcc", "content-type", "MIME-Version", "Received", "DKIM-Signature", "X-A\r\nBcc"])(
  "refuses the extra header %j by name",
  (name) => {
    expect(() => compose({ headers: { "X-Fine": "1", [name]: "x" } })).toThrow(AppError);
  },
);

test("leaves a List-Unsubscribe address whole", async () => {
  const value = `<https://shop.example/u/${"a".repeat(150)}>, <mailto:u@shop.example?subject=${"b".repeat(80)}>`;
  const parsed = await parse({ headers: { "List-Unsubscribe": value } });
  expect(parsed.headers.find(({ key }) => key === "list-unsubscribe")?.value).toBe(value);
});

test("an internationalised local part stays as it is in headers and envelope", async () => {
  const composed = compose({ to: { address: "andré@mail.example" } });
  expect(composed.envelope.to).toEqual(["andré@mail.example"]);
  expect((await PostalMime.parse(composed.raw)).to).toMatchObject([{ address: "andré@mail.example" }]);
});

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ maxLength: 300 }),
);
/** What can survive in a header: no control characters, no blanks at the ends, no lone surrogates. */
const clean = (value: string) => Buffer.from(value.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim()).toString();

test("any subject and name reads back as it was, on lines of at most 998 bytes", async () => {
  await fc.assert(
    fc.asyncProperty(text, text, async (subject, name) => {
      const { raw } = compose({ subject, to: { address: "anna@mail.example", name } });
      const parsed = await PostalMime.parse(raw);
      expect(parsed.subject ?? "").toBe(clean(subject));
      expect(parsed.to).toMatchObject([{ address: "anna@mail.example", name: clean(name) }]);
      expect(Math.max(...lines(raw).map((line) => line.length))).toBeLessThanOrEqual(998);
    }),
    { numRuns: 300 },
  );
});

const unix = (value: string) => value.replace(/\r\n?/g, "\n");

test("any body reads back as it was, but for the kind of its line breaks", async () => {
  const bodies = fc.oneof(
    text,
    fc
      .array(fc.constantFrom("From ", "\n", ".", "..", " ", "\t", "é", "=", "=3D", "漢", "a".repeat(600), "\r\n"), {
        maxLength: 40,
      })
      .map((parts) => parts.join("")),
  );
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const { raw } = compose({ text: body, html: `<pre>${body}</pre>` });
      const expected = unix(Buffer.from(body).toString());
      const parsed = await PostalMime.parse(raw);
      expect(unix(parsed.text ?? "").replace(/\n+$/, "")).toBe(expected.replace(/\n+$/, ""));
      expect(unix(parsed.html ?? "").trimEnd()).toBe(`<pre>${expected}</pre>`);
    }),
    { numRuns: 300 },
  );
});
