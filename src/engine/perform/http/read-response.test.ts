import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { cleanJson } from "./clean-json.ts";
import { parseBody } from "./parse-body.ts";
import { readResponse } from "./read-response.ts";
import { buildXml, parseXml } from "./xml.ts";

test.each([
  ["application/json", '{"a":[1,"x",null,true]}', { a: [1, "x", null, true] }],
  ["application/vnd.api+json; charset=utf-8", '\ufeff{"a":1}', { a: 1 }],
  ["text/json", "17", 17],
  ["application/json", "  ", null],
  ["application/json", '{"a":"x\\u0000y\\ud800z","b\\u0000":"😀"}', { a: "xyz", b: "😀" }],
  ["application/json", '{"big":1e999}', { big: null }],
  [
    "application/xml",
    '<?xml version="1.0"?><!-- a --><o id="7"><i>1</i><i>&lt;&#233;&amp;</i><e/></o>',
    { o: { "@id": "7", i: ["1", "<é&"], e: "" } },
  ],
  ["application/soap+xml", "<a><![CDATA[<b>]]></a>", { a: "<b>" }],
  ["text/yaml", "a: 1\nb: [x, 007]\nc: 2026-03-01\nd: .inf\n", { a: 1, b: ["x", 7], c: "2026-03-01", d: null }],
  ["application/yaml", "- a\n- b: no\n", ["a", { b: "no" }]],
  ["application/x-www-form-urlencoded", "a=1&b=x+y&a=%C3%A9&a=3", { a: ["1", "é", "3"], b: "x y" }],
  ["text/plain", "hello\u0000 world", "hello world"],
  ["text/html; charset=utf-8", "<p>é</p>", "<p>é</p>"],
  [undefined, "just text", "just text"],
  ["application/octet-stream", "text after all", "text after all"],
])("reads %s %j", (contentType, text, body) => {
  expect(parseBody(Buffer.from(text), contentType)).toEqual({ body });
});

test("an empty body is null", () => {
  expect(parseBody(Buffer.alloc(0), "application/json")).toEqual({ body: null });
});

test("what is no text comes as base64", () => {
  const bytes = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255]);
  expect(parseBody(bytes, "image/png")).toEqual({ body: bytes.toString("base64"), bodyEncoding: "base64" });
});

test.each([
  ["text/plain; charset=iso-8859-1", Buffer.from("é", "latin1"), "é"],
  ['text/plain; charset="windows-1251"', Buffer.from([0xcf, 0xf0, 0xe8]), "При"],
  ["text/plain; charset=utf-16le", Buffer.from("hé", "utf16le"), "hé"],
  ["text/plain; charset=unheard-of", Buffer.from("é"), "é"],
  ["text/plain", Buffer.from([0x61, 0xff]), "a\ufffd"],
  ["application/json; charset=latin1", Buffer.from('"é"', "latin1"), "é"],
  ["application/xml", Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>', "latin1"), { a: "é" }],
])("reads %s by its charset", (contentType, bytes, body) => {
  expect(parseBody(bytes, contentType).body).toEqual(body);
});

test.each([
  ["application/json", "{broken"],
  ["application/json", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["application/xml", "<a><b></a>"],
  ["application/xml", "<a>".repeat(500) + "</a>".repeat(500)],
  ["application/xml", '<!DOCTYPE a [<!ENTITY x "boom">]><a>&x;</a>'],
  ["application/xml", '<?xml version="1.0"?> <!-- c --> <!doctype a SYSTEM "file:///etc/passwd"><a/>'],
  ["application/yaml", "a: &x [1]\nb: *x\n"],
  ["application/yaml", "a: [1"],
  ["application/yaml", "[".repeat(50_000)],
  ["application/yaml", `a: ${"x".repeat(1_100_000)}`],
])("keeps the text of %s that cannot be read, and says why", (contentType, text) => {
  expect(parseBody(Buffer.from(text), contentType)).toEqual({ body: text, parseError: expect.stringMatching(/./) });
});

test("no name in an answer reaches a prototype", () => {
  for (const [type, text] of [
    ["application/json", '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'],
    ["application/xml", "<__proto__><polluted>1</polluted></__proto__>"],
    ["application/yaml", "__proto__:\n  polluted: 1\n"],
    ["application/x-www-form-urlencoded", "__proto__=1&__proto__=2"],
  ] as const) {
    const { body } = parseBody(Buffer.from(text), type);
    expect([
      Object.getPrototypeOf(body) === Object.prototype || typeof body === "string",
      ({} as Record<string, unknown>)["polluted"],
    ]).toEqual([true, undefined]);
  }
});

test("cleaned JSON is what PostgreSQL can keep, and the same when it could keep it before", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const cleaned = cleanJson(value);
      expect(JSON.stringify(cleaned)).not.toMatch(/\\u0000|\\ud[89a-f]/);
      if (!/\\u0000|\\ud[89a-f]/.test(JSON.stringify(value)))
        expect(JSON.stringify(cleaned)).toBe(JSON.stringify(value));
    }),
  );
});

test("XML that was built reads back the same", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1 }).map((value) => `x${value.replace(/[^\P{Cc}]/gu, "")}x`);
  fc.assert(
    fc.property(text, fc.array(text, { minLength: 2 }), (attribute, list) => {
      const tree = { root: { "@a": attribute.replace(/\s/g, " "), item: list } };
      expect(parseXml(buildXml(tree))).toEqual(tree);
    }),
  );
});

test.each([
  ["gzip", gzipSync('{"a":1}')],
  ["x-gzip", gzipSync('{"a":1}')],
  ["deflate", deflateSync('{"a":1}')],
  ["deflate", deflateRawSync('{"a":1}')],
  ["br", brotliCompressSync('{"a":1}')],
  ["GZIP , br", brotliCompressSync(gzipSync('{"a":1}'))],
  ["identity", Buffer.from('{"a":1}')],
])("undoes %s", async (encoding, bytes) => {
  const answer = { status: 200, headers: { "content-type": "application/json", "content-encoding": encoding }, bytes };
  expect(await readResponse(answer, 1000)).toMatchObject({ ok: true, answer: { body: { a: 1 } } });
});

test.each([
  ["gzip", gzipSync(Buffer.alloc(50_000_000))],
  ["deflate", deflateSync(Buffer.alloc(50_000_000))],
  ["br", brotliCompressSync(Buffer.alloc(50_000_000))],
  ["gzip, gzip", gzipSync(gzipSync(Buffer.alloc(50_000_000)))],
])("stops a bomb of %s", async (encoding, bytes) => {
  const answer = { status: 200, headers: { "content-encoding": encoding }, bytes };
  expect(await readResponse(answer, 1_048_576)).toMatchObject({
    ok: false,
    failure: { reason: "too_large", retryable: false },
  });
});

test("takes exactly the limit", async () => {
  const answer = { status: 200, headers: { "content-encoding": "gzip" }, bytes: gzipSync("x".repeat(1000)) };
  expect([(await readResponse(answer, 1000)).ok, (await readResponse(answer, 999)).ok]).toEqual([true, false]);
});

test.each([
  ["gzip", Buffer.from("not gzip")],
  ["zstd", Buffer.from("x")],
  ["constructor", Buffer.from("x")],
  ["gzip,gzip,gzip,gzip", Buffer.from("x")],
])("says that %s cannot be undone", async (encoding, bytes) => {
  const read = await readResponse({ status: 200, headers: { "content-encoding": encoding }, bytes }, 1000);
  expect(read).toMatchObject({ ok: false, failure: { reason: "unreachable" } });
});

test("gives headers in lower case, joined, and without cookies", async () => {
  const headers = { "x-list": ["a", "b"] as unknown as string, "set-cookie": ["s=1"], etag: '"x"' };
  const read = await readResponse({ status: 204, headers, bytes: Buffer.alloc(0) }, 10);
  expect(read).toEqual({ ok: true, answer: { status: 204, headers: { "x-list": "a, b", etag: '"x"' }, body: null } });
});
