import fc from "fast-check";
import { expect, test } from "vitest";
import { maxJsonDepth } from "./json-problems.ts";
import { findJsonError } from "./json-syntax.ts";
import { parseJson } from "./parse-json.ts";

function issuesOf(text: string) {
  const parsed = parseJson(text);
  if (parsed.ok || parsed.reason !== "content") throw new Error(`${text} was not refused for what it holds.`);
  return parsed.issues;
}

test("reads what JSON.parse reads, apart from names that reach for prototypes", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8, noUnicodeString: false }), (text) => {
      const parsed = parseJson(text);
      if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text));
      else expect(text).toMatch(/__proto__|constructor|\\u/);
    }),
  );
});

test("takes a byte order mark off", () => {
  expect(parseJson('\ufeff{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
});

test.each([
  ['{"a":{"__proto__":{"admin":true}}}', "a.__proto__"],
  ['[{"\\u005f_proto__":1}]', "[0].__proto__"],
  ['{"constructor":{"prototype":{}}}', "constructor"],
  ['{"amount":1e999}', "amount"],
  ['{"list":[1,-1e999]}', "list[1]"],
  ['{"name":"a\\u0000b"}', "name"],
  ['{"name":"\\ud83d"}', "name"],
  ['{"\\udc00":1}', "\ufffd"],
  ['{"deep":["\\u0000"]}', "deep[0]"],
])("refuses %s and names %s", (text, path) => {
  expect(issuesOf(text).map((issue) => issue.path)).toEqual([path]);
});

test("a pair of surrogate escapes is one character, and fine", () => {
  expect(parseJson('"\\ud83d\\ude00"')).toEqual({ ok: true, value: "😀" });
});

test("a plain field called constructor is fine", () => {
  expect(parseJson('{"constructor":"Ada"}').ok).toBe(true);
});

test.each([
  ["[", "]"],
  ['{"a":', "}"],
])("nests %j 32 deep and no deeper", (open, close) => {
  const nested = (depth: number) => `${open.repeat(depth)}${open === "[" ? "" : "1"}${close.repeat(depth)}`;
  expect(parseJson(nested(maxJsonDepth)).ok).toBe(true);
  expect(issuesOf(nested(maxJsonDepth + 1))).toHaveLength(1);
  expect(issuesOf(nested(100_000))).toHaveLength(1);
});

test("names at most 50 problems", () => {
  expect(issuesOf(`[${Array(1000).fill("1e999").join(",")}]`)).toHaveLength(50);
});

test.each([
  ["", 1, 1],
  ["nope", 1, 1],
  ['{"a" 1}', 1, 6],
  ['{"a":1,}', 1, 8],
  ["[1 2]", 1, 4],
  ["[1,]", 1, 4],
  ['{\n  "a": 01\n}', 2, 8],
  ['{\n  "a": tru\n}', 2, 8],
  ['["a\nb"]', 1, 2],
  ["[1}", 1, 3],
  ["{1:2}", 1, 2],
  ["{} x", 1, 4],
  ['{"a":', 1, 6],
  ["'a'", 1, 1],
])("says where %j stops being JSON: line %i, column %i", (text, line, column) => {
  expect(findJsonError(text)).toMatchObject({ line, column });
});

test("finds a place in all that JSON.parse refuses, however deep", () => {
  expect(findJsonError("[".repeat(200_000)).position).toBe(200_000);
});

test("agrees with JSON.parse on what is JSON", () => {
  const fragment = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"a"',
    '"\\u00e9"',
    "1",
    "-0.5e3",
    "01",
    "true",
    "nul",
    " ",
    "\n",
    '"',
    "\\",
  );
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 8 }), (parts) => {
      const text = parts.join("");
      const isJson = ((): boolean => {
        try {
          JSON.parse(text);
          return true;
        } catch {
          return false;
        }
      })();
      expect(findJsonError(text).message === "the text is not JSON").toBe(isJson);
    }),
    { numRuns: 2000 },
  );
});
