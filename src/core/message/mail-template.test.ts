import { expect, test } from "vitest";
import { type MailTemplate, mailParts, mailTemplateSchema, whenUnknown } from "./mail-template.ts";

const smallest = { subject: "Hi", html: "<p>Hi</p>" };

function mail(changes: object = {}): MailTemplate {
  return mailTemplateSchema.parse({ ...smallest, ...changes });
}

test("a mail goes to the contact and is marketing unless it says otherwise", () => {
  expect(mail()).toEqual({ ...smallest, to: "{{ contact.email }}", purpose: "marketing" });
});

test("lists its templates with the way each is escaped", () => {
  const parts = mailParts(
    mail({ text: "Hi", from: "a@b.example", replyTo: "c@d.example", headers: { "X-Order": "{{ event.id }}" } }),
  );
  expect(parts.map(({ path, mode }) => `${path}:${mode}`)).toEqual([
    "to:header",
    "from:header",
    "replyTo:header",
    "subject:header",
    "html:html",
    "text:text",
    "headers.X-Order:header",
  ]);
});

test.each([
  [{}, "hold"],
  [{ purpose: "transactional" }, "resend"],
  [{ purpose: "transactional", onUnknown: "hold" }, "hold"],
  [{ onUnknown: "resend" }, "resend"],
])("a mail of unknown fate with %j: %s", (changes, expected) => {
  expect(whenUnknown(mail(changes))).toBe(expected);
});

test.each([
  { subject: "" },
  { html: "" },
  { html: "x".repeat(512 * 1024 + 1) },
  { headers: { Bcc: "all@example.com" } },
  { headers: { "Content-Type": "text/plain" } },
  { headers: { "X A": "1" } },
  { headers: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`X-${index}`, "1"])) },
  { purpose: "spam" },
  { onUnknown: "maybe" },
  { cc: "x@y.example" },
])("refuses %j", (changes) => {
  expect(mailTemplateSchema.safeParse({ ...smallest, ...changes }).success).toBe(false);
});
