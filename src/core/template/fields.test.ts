import { expect, test } from "vitest";
import type { JsonObject } from "../json.ts";
import { pickScope, templateFields } from "./fields.ts";
import { renderTemplate } from "./template.ts";
import { TemplateError } from "./template-error.ts";

const scope: JsonObject = {
  contact: { email: "ada@example.com", name: "Ada", plan: "gold", timeZone: "Europe/Rome" },
  event: { items: [{ sku: "s1" }], total: 3, key: "name", at: "2026-03-01T23:30:00Z" },
  run: { id: "r", now: "2026-05-05T00:00:00Z" },
  steps: { loyalty: { body: { tier: "gold" } }, other: { big: true } },
  workspace: { name: "Shop", timeZone: "UTC" },
};

test.each([
  ["plain paths", "{{ contact.email }} {{ steps.loyalty.body.tier }}", ["contact.email", "steps.loyalty.body.tier"]],
  ["the same path once", "{{ contact.email }}{{ contact.email }}", ["contact.email"]],
  ["indexes and quoted names", '{{ event.items[0].sku }}{{ event["a b"] }}', ["event.items.0.sku", "event.a b"]],
  ["what assigned names stand for", "{% assign q = contact.name %}{{ q }}", ["contact.name"]],
  ["lists of loops", "{% for i in event.items %}{{ i.sku }}{% endfor %}", ["event.items"]],
  [
    "conditions and arguments",
    "{% if run.id %}{{ contact.name | append: event.total }}{% endif %}",
    ["run.id", "contact.name", "event.total"],
  ],
  ["computed names up to where they are fixed", "{{ contact[event.key].x }}", ["contact", "event.key"]],
  [
    "the fields that the date filter looks at",
    "{{ event.at | date: '%Y' }}",
    ["event.at", "contact.timeZone", "workspace.timeZone", "run.now"],
  ],
  ["nothing in plain text", "Hello { } % there", []],
])("templateFields finds %s", (_name, source, fields) => {
  expect(templateFields(source).sort()).toEqual([...fields].sort());
});

test("templateFields throws for a template that cannot be parsed", () => {
  expect(() => templateFields("{% if %}")).toThrow(TemplateError);
});

test.each([
  [
    "single fields",
    ["{{ contact.email }}", "{{ event.items[0].sku }}"],
    { contact: { email: "ada@example.com" }, event: { items: [{ sku: "s1" }] } },
  ],
  ["whole answers of steps", ["{{ steps.loyalty.body.tier }}"], { steps: { loyalty: { body: { tier: "gold" } } } }],
  ["a root that is printed", ["{{ run.id }}{{ run }}{{ run.now }}"], { run: scope.run }],
  ["a root read by a computed name", ["{{ contact[event.key] }}"], { contact: scope.contact, event: { key: "name" } }],
  ["nothing for what is not there", ["{{ contact.nope }}{{ nowhere.x }}{{ constructor.y }}"], { contact: {} }],
  ["nothing for plain text", ["Hello"], {}],
])("pickScope takes %s", (_name, sources, picked) => {
  expect(pickScope(scope, sources)).toEqual(picked);
});

test.each([
  "{{ contact.email }} {{ event.at | date: '%H:%M' }} {{ 'now' | date: '%Y' }}",
  "{{ contact[event.key] }}{% for i in event.items %}{{ i.sku }}{% endfor %}{{ contact.name | append: workspace.name }}",
  "{{ steps.loyalty }}{{ steps.loyalty.body.tier }}{% if event.total > 2 %}{{ run.id }}{% endif %}",
])("the picked part renders the same as the whole: %s", (source) => {
  const whole = renderTemplate(source, scope, "text");
  expect(renderTemplate(source, pickScope(scope, [source]), "text")).toBe(whole);
});

test("picking changes nothing in the scope, and takes no prototype from it", () => {
  const hostile = JSON.parse('{"event": {"__proto__": {"polluted": true}}}') as JsonObject;
  const picked = pickScope(hostile, ["{{ event.__proto__ }}{{ event.x }}"]);
  expect(JSON.stringify(picked)).toBe('{"event":{"__proto__":{"polluted":true}}}');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
