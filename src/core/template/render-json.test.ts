import { expect, test } from "vitest";
import type { Json, JsonObject } from "../json.ts";
import { checkJson, jsonTemplates, renderJson } from "./render-json.ts";
import { TemplateError } from "./template-error.ts";

const scope: JsonObject = { event: { total: 12.5, items: [{ sku: "s1" }], ok: true, none: null, name: "<Ada>" } };

const rows: { template: Json; gives: Json }[] = [
  { template: "{{ event.total }}", gives: 12.5 },
  { template: "{{ event.total | plus: 1 }}", gives: 13.5 },
  { template: "{{ event.items }}", gives: [{ sku: "s1" }] },
  { template: "{{ event.items | map: 'sku' }}", gives: ["s1"] },
  { template: "{{ event.ok }}", gives: true },
  { template: "{{ event.none }}", gives: null },
  { template: "{{ event.missing }}", gives: null },
  { template: "{{ 1 | divided_by: 0 }}", gives: null },
  { template: "{{ event.total }} EUR", gives: "12.5 EUR" },
  { template: "{{ event.total }}{{ event.total }}", gives: "12.512.5" },
  { template: "{{ event.name }}", gives: "<Ada>" },
  { template: "plain", gives: "plain" },
  { template: "", gives: "" },
  { template: 7, gives: 7 },
  { template: null, gives: null },
  { template: { a: ["{{ event.total }}", 1, { b: "x{{ event.name }}" }] }, gives: { a: [12.5, 1, { b: "x<Ada>" }] } },
];

test.each(rows)("renders $template", ({ template, gives }) => {
  expect(renderJson(template, scope)).toEqual(gives);
});

test("refuses a value that is small in memory and endless as JSON", () => {
  const doubling =
    "{% assign a = 'x' | split: '' %}{% for i in (1..40) %}{% assign a = a | push: a | push: a %}{% endfor %}{{ a }}";
  expect(() => renderJson({ a: doubling }, scope)).toThrow(TemplateError);
});

test("throws a TemplateError for a template that cannot be parsed", () => {
  expect(() => renderJson("{{ x | nope }}", scope)).toThrow(TemplateError);
});

test("lists the templates inside a value", () => {
  expect(jsonTemplates({ a: "1", b: [2, "3", { c: "4" }], d: null })).toEqual(["1", "3", "4"]);
});

test("checks every string, and leads to it", () => {
  const issues = checkJson({ a: "{{ event.x }}", b: ["{{ nope.x }}", { c: "{% if %}" }] }, { path: "body" });
  expect(issues.map((issue) => issue.path)).toEqual(["body.b[0]", "body.b[1].c"]);
});
