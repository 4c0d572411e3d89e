import fc from "fast-check";
import { expect, test } from "vitest";
import { looksSerialized, readSerialized } from "./php-serialize.ts";

test.each([
  ["N;", null],
  ["b:1;", true],
  ["b:0;", false],
  ["i:-12;", -12],
  ["d:0.5;", 0.5],
  ["i:1e+21;", 1e21],
  ['s:0:"";', ""],
  ['s:5:"a"b;c";', 'a"b;c'],
  ['s:4:"è€"', undefined],
  ['s:5:"è€";', "è€"],
  ['s:4:"😀";', "😀"],
  ["a:0:{}", []],
  ['a:1:{i:0;s:3:"a@b";}', ["a@b"]],
  ['a:2:{i:0;s:1:"x";i:1;a:1:{s:1:"k";N;}}', ["x", { k: null }]],
  ['a:1:{i:7;s:1:"x";}', { 7: "x" }],
])("reads %s", (text, value) => {
  expect(readSerialized(text)).toEqual(
    value === undefined ? { ok: false, message: expect.any(String) } : { ok: true, value },
  );
});

test("reads a text whose length counts halves of surrogate pairs, as the older client does", () => {
  expect(readSerialized('a:1:{i:0;s:7:"😀!";}')).toEqual({ ok: true, value: ["😀!"] });
});

test.each([
  "",
  "a:",
  "a:1:{",
  "a:9:{i:0;i:1;}",
  "a:0:{}x",
  's:9999999:"x";',
  's:2:"é',
  "i:;",
  "i:0x10;",
  "i:NaN;",
  "d:1e999;",
  "b:2;",
  'O:8:"stdClass":0:{}',
  "R:1;",
  "a:1:{d:0.5;i:1;}",
])("refuses %s and says where", (text) => {
  expect(readSerialized(text)).toEqual({ ok: false, message: expect.stringMatching(/^at character \d+/) });
});

test("keeps a field named __proto__ to itself", () => {
  const read = readSerialized('a:1:{s:9:"__proto__";a:1:{s:5:"admin";b:1;}}');
  expect(read.ok && Object.keys(read.value as object)).toEqual(["__proto__"]);
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test("refuses what nests too deep without following it", () => {
  expect(readSerialized("a:1:{i:0;".repeat(100_000)).ok).toBe(false);
});

test("reads back whatever was written", () => {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
      fc.string({ unit: "binary" }),
      fc.array(tie("value")),
    ),
  }));
  fc.assert(
    fc.property(value, (written) => {
      expect(readSerialized(serialize(written))).toEqual({ ok: true, value: written });
    }),
  );
});

test("never throws, whatever the text", () => {
  const pieces = fc.constantFrom("a:", "1:{", "i:0;", 's:1:"', "x", '";', "}", "N;", "b:", "d:", "9", "😀");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      expect(typeof readSerialized(parts.join("")).ok).toBe("boolean");
    }),
  );
});

test("knows a serialized text from an address or JSON", () => {
  expect(["a:0:{}", 's:1:"x";', "i:5;", "N;"].every(looksSerialized)).toBe(true);
  expect(["a@b.example", "[]", '{"a":1}', "s:x", "", "a:b"].some(looksSerialized)).toBe(false);
});

function serialize(value: unknown): string {
  if (value === null) return "N;";
  if (typeof value === "boolean") return `b:${value ? 1 : 0};`;
  if (typeof value === "number") return `${Number.isInteger(value) ? "i" : "d"}:${value};`;
  if (typeof value === "string") return `s:${Buffer.byteLength(value)}:"${value}";`;
  const items = value as unknown[];
  return `a:${items.length}:{${items.map((item, index) => `i:${index};${serialize(item)}`).join("")}}`;
}
