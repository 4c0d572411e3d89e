import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../json.ts";
import { maxOutputLength, maxSourceLength, maxTags } from "./limits.ts";
import { renderTemplate, type TemplateMode } from "./template.ts";
import { TemplateError } from "./template-error.ts";

const scope: JsonObject = {
  contact: {
    email: "ada@example.com",
    name: "<b>Ada</b> & 'co'",
    tags: ["x", "y"],
    link: "https://shop.example/a b?q=%20&é#top",
    script: "javascript:alert(1)",
    timeZone: "Europe/Rome",
  },
  event: {
    total: 12.5,
    quote: 'x", "admin": "1',
    lines: "one\r\nBcc: all@example.com\u0000\u2028!",
    items: [{ sku: "s1" }, { sku: "s2" }],
    id: "a/b?c",
    base: "https://api.example/v1",
    at: "2026-03-01T23:30:00Z",
    day: "2026-03-01",
  },
  run: { now: "2026-05-05T05:05:05Z" },
  steps: {},
  workspace: { timeZone: "America/New_York" },
};

type Row = { mode: TemplateMode; source: string; gives: string };

const escaping: Row[] = [
  { mode: "text", source: "Hi {{ contact.name }}!", gives: "Hi <b>Ada</b> & 'co'!" },
  { mode: "text", source: "{{ contact.missing }}{{ nowhere.at.all }}", gives: "" },
  { mode: "text", source: "{{ contact.tags }}", gives: "xy" },
  { mode: "text", source: "{{ contact.tags | join: ', ' }}", gives: "x, y" },
  { mode: "text", source: "{{ event.items[0] }}", gives: '{"sku":"s1"}' },
  { mode: "text", source: "{% for item in event.items %}{{ item.sku }};{% endfor %}", gives: "s1;s2;" },
  { mode: "html", source: "<p>{{ contact.name }}</p>", gives: "<p>&lt;b&gt;Ada&lt;/b&gt; &amp; &#39;co&#39;</p>" },
  { mode: "html", source: "{{ contact.name | raw }}", gives: "<b>Ada</b> & 'co'" },
  { mode: "html", source: '<a title="{{ event.quote }}">', gives: '<a title="x&quot;, &quot;admin&quot;: &quot;1">' },
  {
    mode: "html",
    source: "{% assign n = contact.name %}{% echo n %}",
    gives: "&lt;b&gt;Ada&lt;/b&gt; &amp; &#39;co&#39;",
  },
  {
    mode: "html",
    source: "{% capture n %}<i>{{ contact.name }}</i>{% endcapture %}{{ n | raw }}",
    gives: "<i>&lt;b&gt;Ada&lt;/b&gt; &amp; &#39;co&#39;</i>",
  },
  { mode: "url", source: "https://shop.example/{{ event.id }}", gives: "https://shop.example/a%2Fb%3Fc" },
  { mode: "url", source: " {{ contact.link }} ", gives: "https://shop.example/a%20b?q=%20&%C3%A9#top" },
  { mode: "url", source: "{{ event.base }}/orders/{{ event.id }}", gives: "https://api.example/v1/orders/a%2Fb%3Fc" },
  { mode: "url", source: "{{ contact.script }}", gives: "javascript%3Aalert(1)" },
  {
    mode: "url",
    source: "https://x.example/?to={{ event.base }}",
    gives: "https://x.example/?to=https%3A%2F%2Fapi.example%2Fv1",
  },
  { mode: "url", source: "https://{{ event.id }}.example/", gives: "https://a%2Fb%3Fc.example/" },
  { mode: "header", source: "Re: {{ event.lines }}", gives: "Re: one Bcc: all@example.com !" },
  { mode: "header", source: "two\n lines {{ event.lines | raw }}", gives: "two  lines one Bcc: all@example.com !" },
  { mode: "json", source: '{"a": "{{ event.quote }}"}', gives: '{"a": "x\\", \\"admin\\": \\"1"}' },
  { mode: "json", source: '{"a": {{ event.quote }}}', gives: '{"a": "x\\", \\"admin\\": \\"1"}' },
  { mode: "json", source: '{"a": {{ event.quote | raw }}}', gives: '{"a": "x\\", \\"admin\\": \\"1"}' },
  { mode: "json", source: '{"a": {{ event.items | json }}}', gives: '{"a": [{"sku":"s1"},{"sku":"s2"}]}' },
  {
    mode: "json",
    source: '{"a": "{{ event.items | json }}"}',
    gives: '{"a": "[{\\"sku\\":\\"s1\\"},{\\"sku\\":\\"s2\\"}]"}',
  },
  { mode: "json", source: '{"a": {{ event.total }}, "b": {{ event.nope }}}', gives: '{"a": 12.5, "b": null}' },
  {
    mode: "json",
    source: '{% capture q %}{{ event.quote }}{% endcapture %}{"\\"a": "{{ q }}"}',
    gives: '{"\\"a": "x\\", \\"admin\\": \\"1"}',
  },
];

test.each(escaping)("mode $mode renders $source", ({ mode, source, gives }) => {
  expect(renderTemplate(source, scope, mode)).toBe(gives);
});

test.each([
  ["the contact's zone when none is given", "{{ event.at | date: '%Y-%m-%d %H:%M' }}", "2026-03-02 00:30"],
  ["a zone by name", "{{ event.at | date: '%H:%M', 'America/New_York' }}", "18:30"],
  ["the name of the zone", "{{ event.at | date: '%Z' }}", "Europe/Rome"],
  ["a plain date, which stays that day", "{{ event.day | date: '%d %B' }}", "01 March"],
  ["a plain date in a zone west of UTC", "{{ event.day | date: '%d %H', 'America/New_York' }}", "28 19"],
  ["now, which is the instant of the decision", "{{ 'now' | date: '%Y-%m-%d' }}", "2026-05-05"],
  ["seconds since 1970", "{{ 86400 | date: '%Y-%m-%d' }}", "1970-01-02"],
  ["a date and time without a zone as UTC", "{{ '2026-07-01 10:00:00' | date: '%H:%M' }}", "12:00"],
  ["what is no date as it is", "{{ 'soon' | date: '%Y' }}{{ contact.nope | date: '%Y' }}", "soon"],
])("the date filter takes %s", (_name, source, gives) => {
  expect(renderTemplate(source, scope, "text")).toBe(gives);
});

test("the date filter falls back to the workspace's zone, then to UTC", () => {
  const source = "{{ '2026-03-01T12:00:00Z' | date: '%H' }}";
  expect(renderTemplate(source, { workspace: { timeZone: "America/New_York" } }, "text")).toBe("07");
  expect(renderTemplate(source, { contact: { timeZone: "Nowhere/At" }, workspace: { timeZone: "" } }, "text")).toBe(
    "12",
  );
});

test("rendering leaves the scope as it was", () => {
  const frozen = Object.freeze({ contact: Object.freeze({ email: "a@b.example" }) });
  const source = "{% increment contact %}{% assign event = 1 %}{% capture run %}x{% endcapture %}";
  expect(renderTemplate(source, frozen, "text")).toBe("0");
});

function errorOf(source: string, mode: TemplateMode = "text"): TemplateError | null {
  try {
    renderTemplate(source, scope, mode);
    return null;
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}

describe("hostile templates", () => {
  test.each([
    "{{ constructor }}{{ contact.constructor }}{{ contact.__proto__ }}{{ __proto__.polluted }}",
    "{{ contact.tags.constructor.name }}{{ contact.tags.map }}",
    "{{ contact['constructor']['constructor'] }}{{ contact.toString }}{{ toString }}",
    "{{ event.items | map: '__proto__' }}{{ event.items | map: 'constructor' }}",
  ])("reach no prototype: %s", (source) => {
    expect(renderTemplate(source, scope, "text")).toBe("");
  });

  test.each([
    ["a huge range", "{% for i in (1..1000000000) %}x{% endfor %}"],
    [
      "nested loops",
      "{% for i in (1..999) %}{% for j in (1..999) %}{% for k in (1..999) %}x{% endfor %}{% endfor %}{% endfor %}",
    ],
    [
      "doubling by append",
      "{% assign x = 'aaaaaaaa' %}{% for i in (1..60) %}{% assign x = x | append: x %}{% endfor %}",
    ],
    ["doubling by capture", "{% for i in (1..60) %}{% capture x %}{{ x }}{{ x }}aaaa{% endcapture %}{% endfor %}"],
    [
      "a list inside itself",
      "{% assign a = 'x' | split: '' %}{% for i in (1..40) %}{% assign a = a | push: a | push: a %}{% endfor %}{{ a }}",
    ],
    [
      "groups of groups",
      "{% assign a = 'x' | split: '' %}{% for i in (1..40) %}{% assign a = a | concat: a | group_by: 'x' | map: 'items' %}{% endfor %}{{ a | json }}",
    ],
    ["a chain of searches", `{% assign a = (1..300000) %}{{ a ${"| find: 'x' | default: a ".repeat(2000)} }}`],
    [
      "a chain of comparisons",
      `{% assign a = (1..300000) %}{% if ${"a contains 'x' or ".repeat(2000)} a %}{% endif %}`,
    ],
    ["wide padding", "{{ 'now' | date: '%99999999d' }}"],
    ["a date format that backtracks", `{{ 'now' | date: '%${"0".repeat(100_000)}' }}`],
    ["too much output", `{% for i in (1..5000) %}${"x".repeat(1000)}{% endfor %}`],
    ["nested blocks", `${"{% if a %}".repeat(101)}x${"{% endif %}".repeat(101)}`],
    ["blocks nested beyond the stack", "{% if a %}".repeat(2400) + "{% endif %}".repeat(2400)],
    ["nested brackets", `{{ a${"[a".repeat(20_000)} }}`],
    ["nested parentheses", `{{ ${"(".repeat(20_000)} }}`],
    ["too many tags", "{{a}}".repeat(maxTags + 1)],
    ["tags in a liquid tag", `{% liquid\n${"echo 'x'\n".repeat(maxTags)}%}`],
    ["a long source", "x".repeat(maxSourceLength + 1)],
    ["files", "{% include 'secrets' %}"],
    ["partials", "{% render 'secrets' %}"],
    ["layouts", "{% layout 'secrets' %}"],
    ["chance", "{{ contact.tags | sample }}"],
    ["expressions in text", "{{ event.items | where_exp: 'i', 'i.sku' }}"],
    ["a zone that does not exist", "{{ 'now' | date: '%Y', 'Mars/Olympus' }}"],
  ])("are stopped: %s", (_name, source) => {
    const startedAt = performance.now();
    expect(errorOf(source)?.message).toMatch(/^(The|There|Blocks) .*\.$/);
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  test.each([
    ["strip_html on unclosed tags", `{{ '${"<".repeat(100_000)}' | strip_html | size }}`],
    ["white space filters", `{{ '${" ".repeat(100_000)}' | truncatewords: 3 | squish | slugify }}`],
    ["deep paths", `{{ a${".b".repeat(20_000)} }}`],
  ])("stay fast: %s", (_name, source) => {
    const startedAt = performance.now();
    expect(errorOf(source)).toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test("give one megabyte of output when asked", () => {
    const source = `{% for i in (1..1000) %}${"x".repeat(1000)}{% endfor %}`;
    expect(renderTemplate(source, scope, "text")).toHaveLength(1_000_000);
    expect(1_000_000).toBeLessThan(maxOutputLength);
  });
});

test.each([
  ['{"a": [1,]}', 1],
  ["{% if event.total %}{{% endif %}", 1],
])("mode json refuses what is no JSON: %s", (source, line) => {
  expect(errorOf(source, "json")).toMatchObject({ line });
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom("<script>", "\r\n", '"', "\\", "\ud800", "}}", "{{ x }}"),
);

test("property: no value puts a raw angle bracket or quote into HTML", () => {
  fc.assert(
    fc.property(fc.jsonValue(), anyText, (value, text) => {
      const html = renderTemplate(
        "{{ event.value }}{{ event.text }}",
        { event: { value: value as Json, text } },
        "html",
      );
      expect(html).not.toMatch(/[<>"']/);
    }),
  );
});

test("property: no value puts a control character into a header", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(renderTemplate("a {{ event.text }} b", { event: { text } }, "header")).not.toMatch(/[\p{Cc}\u2028]/u);
    }),
  );
});

test("property: a value stays one component of a URL", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const url = new URL(renderTemplate("https://x.example/?q={{ event.text }}", { event: { text } }, "url"));
      expect([...url.searchParams.keys()]).toEqual(["q"]);
      expect(url.hash).toBe("");
    }),
  );
});

test("property: JSON templates give JSON of the same shape, whatever the values", () => {
  const source =
    '{"text": "{{ event.text }}", "bare": {{ event.text }}, "any": {{ event.value | json }}, "auto": {{ event.value }}}';
  fc.assert(
    fc.property(fc.jsonValue(), anyText, (value, text) => {
      const parsed: unknown = JSON.parse(renderTemplate(source, { event: { text, value: value as Json } }, "json"));
      const same: unknown = JSON.parse(JSON.stringify(value));
      expect(parsed).toEqual({ text, bare: text, any: same, auto: same });
    }),
  );
});

test("property: a header template with raw values stays one line", () => {
  fc.assert(
    fc.property(anyText, anyText, (text, other) => {
      const header = renderTemplate("{{ event.text | raw }}\n{{ event.other }}", { event: { text, other } }, "header");
      expect(header.split(/\r|\n/)).toHaveLength(1);
      expect(header).toBe(header.trim());
    }),
  );
});
