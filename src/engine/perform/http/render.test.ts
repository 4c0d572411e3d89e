import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { renderJson } from "../../../core/template/render-json.ts";
import { renderTemplate } from "../../../core/template/template.ts";
import { render, renderHeader, renderValue } from "./render.ts";

const scope: JsonObject = {
  contact: {
    name: "Ada {{ event.x }}",
    yes: true,
    no: false,
    none: null,
    size: 3,
    list: [1, "b"],
    object: { a: 1, first: "f" },
    empty: "",
    zero: 0,
    half: 0.5,
    tiny: 1e-7,
    huge: 1e21,
  },
  event: { first: "one", text: 'a"b<c>&\\n' },
  secrets: { token: "s" },
};

const paths = Object.keys(scope).flatMap((root) => [
  root,
  ...Object.keys(scope[root] as JsonObject).map((name) => `${root}.${name}`),
]);
const more = [
  "contact.object.a",
  "contact.object.first",
  "contact.object.missing",
  "contact.list.first",
  "contact.list.size",
  "contact.name.size",
  "contact.missing.x",
  "nobody.x",
];
const piece = fc.oneof(
  fc.constantFrom(...paths, ...more).map((path) => `{{ ${path} }}`),
  fc.constantFrom(...paths).map((path) => `{{-${path} -}}`),
  fc.constantFrom(...paths).map((path) => `{{ ${path} | upcase }}`),
  fc.constantFrom(
    "text",
    " ",
    "\n",
    "{",
    "}",
    "{ {",
    "é😀",
    '"',
    "<b>",
    "{% if contact.yes %}y{% endif %}",
    "{% raw %}{{ contact.name }}{% endraw %}",
    "{% comment %}x{% endcomment %}",
  ),
);
const template = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));

test("the short way and the template engine agree on text, errors included", () => {
  const agrees = (source: string) =>
    outcome(() => render(source, scope, "text")) === outcome(() => renderTemplate(source, scope, "text"));
  fc.assert(fc.property(template, agrees), { numRuns: 500 });
});

test("the short way and the template engine agree on JSON, errors included", () => {
  const agrees = (source: string) =>
    outcome(() => renderValue([source], scope)) === outcome(() => renderJson([source], scope));
  fc.assert(fc.property(template, agrees), { numRuns: 500 });
});

test("the short way for headers gives what the engine gives, but for the cleaning", () => {
  expect(renderHeader("Bearer {{ secrets.token }}{{ event.first | upcase }}", scope)).toBe("Bearer sONE");
  expect(renderHeader("Bearer {{ secrets.token }}", scope)).toBe("Bearer s");
});

test("the other modes escape", () => {
  expect([
    render("{{ event.text }}", scope, "html"),
    render("x{{ event.text }}", scope, "url"),
    render(" https://a.example ", scope, "url"),
  ]).toEqual(["a&quot;b&lt;c&gt;&amp;\\n", "xa%22b%3Cc%3E%26%5Cn", "https://a.example"]);
});

function outcome(act: () => unknown): string {
  try {
    return JSON.stringify(act());
  } catch (error) {
    return `throws ${(error as Error).message}`;
  }
}
