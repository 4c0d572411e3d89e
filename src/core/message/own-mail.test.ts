import { expect, test } from "vitest";
import { attachmentType } from "./attachment-type.ts";
import { noFlow, type OwnMail, ownMailEffect, renderOwnMail } from "./own-mail.ts";
import { type OwnMailInput, readOwnMail } from "./read-own-mail.ts";

const input = (changes: Partial<OwnMailInput> = {}): OwnMailInput => ({
  to: ["Anna <anna@mail.example>"],
  subject: "Hi",
  html: "<p>Hi</p>",
  ...changes,
});
const pathsOf = (changes: Partial<OwnMailInput>) => readOwnMail(input(changes)).issues.map(({ path }) => path);
const many = (count: number) => Array.from({ length: count }, (_, index) => `a${index}@mail.example`);

test("everybody who gets it is named once, those of To first", () => {
  const read = readOwnMail(
    input({ to: ["b@x.example", "B <B@X.example>"], cc: ["c@x.example"], bcc: ["b@x.example", "d@x.example"] }),
  );
  expect(read.issues).toEqual([]);
  expect(read.recipients.map(({ address }) => address)).toEqual(["b@x.example", "c@x.example", "d@x.example"]);
  expect(read.mail).toMatchObject({ cc: [{ address: "c@x.example" }], from: null, variables: null });
});

test.each<[string, Partial<OwnMailInput>, string[]]>([
  ["nobody to send to", { to: [] }, ["to"]],
  ["addresses that are none", { to: ["x"], cc: ["y"], bcc: ["z@"] }, ["to[0]", "cc[0]", "bcc[0]"]],
  ["a sender that is none", { from: "shop", replyTo: "a@b" }, ["from", "replyTo"]],
  ["too many recipients", { to: many(60), cc: many(101).slice(60) }, ["to"]],
  ["no subject", { subject: " " }, ["subject"]],
  ["no body", { html: "" }, ["html"]],
  ["a body that is too long", { text: "x".repeat(524_289) }, ["text"]],
  ["a header that mails may not carry", { headers: { Bcc: "x@x.example" } }, ["headers.Bcc"]],
  ["an attachment that is no base64", { attachments: [{ name: "a", content: "?" }] }, ["attachments[0].content"]],
  ["an attachment without a name", { attachments: [{ name: " ", content: "" }] }, ["attachments[0].name"]],
  [
    "a media type that is none",
    { attachments: [{ name: "a", type: "a\r\nb/c", content: "" }] },
    ["attachments[0].type"],
  ],
  ["too many attachments", { attachments: many(21).map((name) => ({ name, content: "" })) }, ["attachments"]],
  ["a broken template", { variables: {}, subject: "{{" }, ["subject"]],
  ["a variable that is not there", { variables: { a: 1 }, html: "{{ b }}" }, ["html"]],
])("refuses %s and names the field", (_what, changes, paths) => {
  expect(pathsOf(changes)).toEqual(paths);
});

test("without variables braces are text, with them they are templates, escaped for their place", () => {
  const rendered = (changes: Partial<OwnMailInput>) => {
    const { mail, recipients } = readOwnMail(input(changes));
    const [to = { address: "" }] = recipients;
    return renderOwnMail(mail, to, { address: "shop@shop.example" });
  };
  expect(rendered({ html: "{{ name }}" })).toMatchObject({
    mail: { html: "{{ name }}", from: { address: "shop@shop.example" }, to: { name: "Anna" } },
  });
  const variables = { name: "<Ada>\r\nBcc: x" };
  const mail = { html: "{{ name }}", subject: "{{ name }}", headers: { "X-Name": "{{ name }}" }, variables };
  expect(rendered(mail)).toMatchObject({
    mail: {
      html: expect.stringContaining("&lt;Ada&gt;"),
      subject: "<Ada> Bcc: x",
      headers: { "X-Name": "<Ada> Bcc: x" },
    },
  });
});

test("a template that does too much is told as such", () => {
  const { mail } = readOwnMail(input({ variables: {}, html: "{% for i in (1..100000000) %}x{% endfor %}" }));
  expect(renderOwnMail(mail, { address: "a@b.example" }, { address: "c@d.example" })).toMatchObject({
    class: "template_error",
  });
});

test("a mail of text alone has no HTML", () => {
  const mail: OwnMail = { ...readOwnMail(input()).mail, html: null, text: "Hi" };
  const rendered = renderOwnMail(mail, { address: "a@b.example" }, { address: "c@d.example" });
  expect(rendered.ok && "html" in rendered.mail).toBe(false);
});

test("knows its own effects from those of flows", () => {
  const data = { content: "x" };
  expect(ownMailEffect({ ...noFlow, data })).toEqual(data);
  expect(ownMailEffect({ flowId: "018f2f6e-0000-7000-8000-000000000001", data })).toBeNull();
});

test.each([
  ["a.PDF", "application/pdf"],
  ["a.tar", "application/octet-stream"],
  ["constructor", "application/octet-stream"],
  ["x.toString", "application/octet-stream"],
])("the type of %s is %s", (name, type) => {
  expect(attachmentType(name)).toBe(type);
});
