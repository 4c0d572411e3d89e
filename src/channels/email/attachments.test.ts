import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import type { Mail } from "../../core/message/mail.ts";
import { composeEmail } from "./compose.ts";

const options = { id: "018f2f6e-0000-7000-8000-000000000001", date: new Date("2026-03-01T10:00:05Z") };
const mail: Mail = { from: { address: "shop@shop.example" }, to: { address: "anna@mail.example" }, subject: "Hi" };
const compose = (changes: Partial<Mail>) => composeEmail({ ...mail, ...changes }, options).raw;
const file = (name: string, bytes: Buffer) => ({ name, type: "application/pdf", content: bytes.toString("base64") });

test("attachments arrive byte for byte beside text and HTML", async () => {
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7) % 256));
  const parsed = await PostalMime.parse(
    compose({ html: "<p>Hello</p>", attachments: [file("a.pdf", bytes), file("b.pdf", Buffer.alloc(0))] }),
  );
  expect([parsed.html?.trim(), parsed.text?.trim()]).toEqual(["<p>Hello</p>", "Hello"]);
  expect(parsed.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
    ["a.pdf", "application/pdf"],
    ["b.pdf", "application/pdf"],
  ]);
  expect(Buffer.from(parsed.attachments[0]?.content as ArrayBuffer)).toEqual(bytes);
});

test.each(["Grüße è.pdf", 'a"b\\c.pdf', "it's (1)*.pdf", "a\r\nBcc: x@x.example"])(
  "the name %j does no harm",
  async (name) => {
    const raw = compose({ text: "Hi", attachments: [file(name, Buffer.from("x"))] });
    const parsed = await PostalMime.parse(raw);
    expect(parsed.attachments).toHaveLength(1);
    expect(parsed.bcc ?? []).toEqual([]);
    if (name.startsWith("Gr")) expect(parsed.attachments[0]?.filename).toBe(name);
    expect(
      Math.max(
        ...raw
          .toString("latin1")
          .split("\r\n")
          .map(({ length }) => length),
      ),
    ).toBeLessThan(998);
  },
);

test("a mail of text alone is one part", async () => {
  const raw = compose({ text: "Just text" });
  expect(raw.toString()).not.toContain("multipart");
  expect((await PostalMime.parse(raw)).text?.trim()).toBe("Just text");
});

test("others who get the same mail are shown, and nobody when all are hidden", async () => {
  const [anna, bo, cy] = ["anna", "bo", "cy"].map((name) => ({ address: `${name}@mail.example` }));
  if (!anna || !bo || !cy) throw new Error("There are three.");
  const parsed = await PostalMime.parse(compose({ text: "Hi", to: cy, shown: { to: [anna, bo], cc: [cy] } }));
  expect(parsed.to?.map(({ address }) => address)).toEqual(["anna@mail.example", "bo@mail.example"]);
  expect(parsed.cc?.map(({ address }) => address)).toEqual(["cy@mail.example"]);
  const hidden = composeEmail({ ...mail, text: "Hi", shown: { to: [], cc: [] } }, options);
  expect(hidden.raw.toString()).toContain("To: undisclosed-recipients:;\r\n");
  expect(hidden.envelope.to).toEqual(["anna@mail.example"]);
});
