import { expect, test } from "vitest";
import { compileTemplate } from "./compile.ts";
import { maxTags } from "./limits.ts";
import { renderTemplate } from "./template.ts";
import { TemplateError } from "./template-error.ts";

test("a template is parsed once for each way of escaping", () => {
  const source = "compile once {{ contact.email }}";
  expect(compileTemplate(source, "html")).toBe(compileTemplate(source, "html"));
  expect(compileTemplate(source, "text")).toBe(compileTemplate(source, "header"));
  expect(compileTemplate(source, "html")).not.toBe(compileTemplate(source, "text"));
});

test("a broken template is refused every time", () => {
  const compile = () => compileTemplate("{% if contact %}", "text");
  expect(compile).toThrow(TemplateError);
  expect(compile).toThrow(TemplateError);
});

test("braces that are no tags do not count towards the limit", () => {
  const css = "a { color: red } ".repeat(maxTags + 1);
  expect(renderTemplate(css, {}, "html")).toBe(css);
});

test.each([
  ["as many tags as allowed", "{{ a }}".repeat(maxTags)],
  ["a hundred blocks inside each other", `${"{% if a %}".repeat(100)}x${"{% endif %}".repeat(100)}`],
  ["the liquid tag", "{% liquid\nassign a = 1\necho a\n%}"],
  ["raw text with braces", "{% raw %}{{ {% {% endraw %}"],
  ["comments", "{% comment %}{{ x | nope }}{% endcomment %}{% # one line %}"],
])("takes %s", (_name, source) => {
  expect(() => compileTemplate(source, "text")).not.toThrow();
});

test("a template renders alike before and after it left the cache", () => {
  const source = "{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}{% increment n %}";
  const first = renderTemplate(source, {}, "text");
  expect(first).toBe("ab0");
  expect(renderTemplate(source, {}, "text")).toBe(first);
});
