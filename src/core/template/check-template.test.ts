import { describe, expect, test } from "vitest";
import { checkTemplate } from "./template.ts";

describe("checkTemplate", () => {
  test.each([
    [
      "an unknown filter",
      "hi\n  {{ contact.name | shout }}",
      { line: 2, column: 3, message: "There is no filter named shout." },
    ],
    ["an unknown tag", "{% foo %}", { line: 1, column: 1, message: "There is no tag named foo." }],
    ["an open tag", "a\n{% if contact %}", { line: 2, column: 1, message: "The tag {% if contact %} is not closed." }],
    ["an open output", "{{ contact", { line: 1, column: 1, message: 'The output "{{ contact" is not closed.' }],
    ["an empty output", "{{ }}", { line: 1, message: "An expression is missing or cannot be read." }],
    ["an unknown variable", "\n\n {{ user.name }}", { line: 3, column: 5 }],
    ["a secret where none is allowed", "{{ secrets.key }}", { line: 1, column: 4 }],
  ])("finds %s, with line and column", (_name, source, issue) => {
    expect(checkTemplate(source, "html", { path: "html" })).toMatchObject([{ path: "html", ...issue }]);
  });

  test("names every unknown variable, and what there is", () => {
    const issues = checkTemplate("{{ a }}{{ b.c }}", "text");
    expect(issues.map((issue) => issue.column)).toEqual([4, 11]);
    expect(issues[1]?.message).toBe(
      "There is no variable b.c: a variable starts with one of contact, event, run, steps, workspace.",
    );
  });

  test.each([
    "{{ contact.email }} {{ event.items[0].sku }} {{ run.id }} {{ steps.a.body }} {{ workspace.name }}",
    "{% assign x = 1 %}{{ x }}{% for i in event.items %}{{ i.sku }}{{ forloop.index }}{% endfor %}",
    "{% capture y %}z{% endcapture %}{{ y }}{% increment n %}{% if contact.a and contact.b %}{% endif %}",
    "no template at all",
  ])("accepts %s", (source) => {
    expect(checkTemplate(source, "text")).toEqual([]);
  });

  test("accepts more variables where the caller says so", () => {
    expect(checkTemplate("{{ secrets.key }}", "header", { extraRoots: ["secrets"] })).toEqual([]);
  });
});
