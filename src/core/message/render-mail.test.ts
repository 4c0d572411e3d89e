import { expect, test } from "vitest";
import type { JsonObject } from "../json.ts";
import { mailTemplateSchema } from "./mail-template.ts";
import { renderMail } from "./render-mail.ts";

const data: JsonObject = { contact: { email: "ada@example.com", name: "Ada <b>\r\nBcc: x@example.com" } };

function render(changes: JsonObject = {}, given: JsonObject = data) {
  const template = mailTemplateSchema.parse({ subject: "Hi", html: "<p>Hi</p>", ...changes });
  return renderMail(template, given, "Shop <shop@example.com>");
}

test("a mail goes to the contact and comes from the default sender, unless it says otherwise", () => {
  expect(render()).toMatchObject({
    ok: true,
    mail: { to: { address: "ada@example.com" }, from: { name: "Shop", address: "shop@example.com" }, subject: "Hi" },
  });
  expect(render({ to: "Bo <bo@example.com>", from: "me@example.com", replyTo: "re@example.com" })).toMatchObject({
    mail: {
      to: { name: "Bo", address: "bo@example.com" },
      from: { address: "me@example.com" },
      replyTo: { address: "re@example.com" },
    },
  });
});

test("what is not given is left out", () => {
  const rendered = render();
  expect(rendered.ok && Object.keys(rendered.mail).toSorted()).toEqual(["from", "html", "subject", "to"]);
});

test("values are escaped for the place they go to: markup in HTML, line breaks in headers, nothing in text", () => {
  const name = "{{ contact.name }}";
  const rendered = render({ subject: name, html: `<p>${name}</p>`, text: name, headers: { "X-Name": name } });
  if (!rendered.ok) throw new Error(rendered.reason);
  const { subject, html, text, headers } = rendered.mail;
  expect(subject).not.toMatch(/[\r\n]/);
  expect(headers?.["X-Name"]).not.toMatch(/[\r\n]/);
  expect(html).toContain("Ada &lt;b&gt;");
  expect(text).toBe("Ada <b>\r\nBcc: x@example.com");
});

test.each([
  ["to", { to: "{{ contact.nobody }}" }],
  ["to", { to: "{{ contact.name }}" }],
  ["from", { from: "nobody" }],
  ["replyTo", { replyTo: "a@b@c" }],
])("an address in %s that is none is told, with the field", (field, changes) => {
  expect(render(changes)).toMatchObject({
    ok: false,
    class: "invalid_address",
    reason: expect.stringMatching(`^${field}: `),
  });
});

test("a template that does too much is told as such", () => {
  const rendered = render({ html: "{% for i in (1..100000000) %}x{% endfor %}" });
  expect(rendered).toMatchObject({ ok: false, class: "template_error", reason: expect.stringMatching(/./) });
});
