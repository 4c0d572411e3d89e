import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../json.ts";
import { renderPlain } from "./plain-template.ts";
import { renderTemplate } from "./template.ts";

const scope: JsonObject = {
  contact: { email: "ada@example.com", name: "<Ada> & 'co'", age: 36, list: [1, 2], size: 4, deep: { er: "x" } },
  event: { total: 1.5, isNew: true, none: null },
};

/** A tag that gives nothing has the template rendered by Liquid. */
function byLiquid(source: string, given: JsonObject, mode: "text" | "header" | "html"): string {
  return renderTemplate(`{% comment %}{% endcomment %}${source}`, given, mode);
}

test.each([
  ["no template at all", "no template at all"],
  ["{{ contact.email }}", "ada@example.com"],
  ["Hi {{contact.name}}, {{ contact.age }}!", "Hi &lt;Ada&gt; &amp; &#39;co&#39;, 36!"],
  ["{{ event.none }}{{ event.nope.nope }}{{ steps.a.b }}", ""],
  ["{ {{ event.total }} } }}", "{ 1.5 } }}"],
])("renders %s without Liquid, and as Liquid does", (source, text) => {
  expect(renderPlain(source, scope, "html")).toBe(text);
  expect(byLiquid(source, scope, "html")).toBe(text);
});

test.each([
  "{% if contact %}a{% endif %}",
  "{{ contact.email | upcase }}",
  "{{- contact.email }}",
  "{{ contact.list }}",
  "{{ contact.list.length }}",
  "{{ contact.email.length }}",
  "{{ contact.size }}",
  "{{ contact['email'] }}",
  "{{ event.isNew }}",
  "{{ true }}",
  "{{{ contact.email }}}",
  "{{ contact",
  "{{ Contact.email }}",
])("leaves %s to Liquid", (source) => {
  expect(renderPlain(source, scope, "text")).toBe(null);
});

test.each(["url", "json"] as const)("renders only text without Liquid where values go into a %s", (mode) => {
  expect(renderPlain("https://shop.example/a", scope, mode)).toBe("https://shop.example/a");
  expect(renderPlain("{{ contact.email }}", scope, mode)).toBe(null);
});

const name = fc.constantFrom("contact", "event", "name", "size", "constructor", "__proto__", "a", "first", "toString");
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constant(null),
    fc.dictionary(name, tie("node"), { maxKeys: 3 }),
  ),
})).node;
const piece = fc.oneof(
  fc.constantFrom(" ", "{", "}", "}}", "\n", "<b>", "text"),
  fc.array(name, { minLength: 1, maxLength: 4 }).map((path) => `{{ ${path.join(".")} }}`),
);

test("what it renders is what Liquid renders", () => {
  const data = fc.dictionary(fc.constantFrom("contact", "event"), value) as fc.Arbitrary<JsonObject>;
  const source = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(source, data, fc.constantFrom("text" as const, "html" as const), (text, given, mode) => {
      const plain = renderPlain(text, given, mode);
      fc.pre(plain !== null);
      expect(plain).toBe(byLiquid(text, given, mode));
    }),
  );
});
