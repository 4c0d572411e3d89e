import { expect, test } from "vitest";
import { readBase64, readQuery, readWireValue } from "./parameters.ts";

test("an ordinary query is read as texts", () => {
  expect(readQuery("/smtp/emails?limit=10&sender=a%2Bb@x.example")).toEqual({ limit: "10", sender: "a+b@x.example" });
  expect(readQuery("/smtp/emails")).toEqual({});
});

test("a query that is one JSON text is read as JSON", () => {
  const text = JSON.stringify({ limit: 10, to: "a+b@x.example", name: "two words" });
  const read = { limit: 10, to: "a+b@x.example", name: "two words" };
  expect(readQuery(`/smtp/emails?${encodeURIComponent(text)}`)).toEqual(read);
  expect(readQuery(`/smtp/emails?${encodeURIComponent(text)}=`)).toEqual(read);
  // As Python's requests leaves it: only what no URL may hold is encoded.
  expect(readQuery(`/x?${text.replaceAll('"', "%22").replaceAll(" ", "%20").replace("{", "%7B")}`)).toEqual(read);
  expect(readQuery('/x?{"a":+"b"}')).toEqual({ a: "b" });
});

test.each(["/x?%7B", "/x?{", "/x?%ff%7B", "/x?{%22a%22:%ZZ}", "/x?&&=&"])("reads %s without harm", (url) => {
  expect(readQuery(url)).toBeTypeOf("object");
});

test("refuses a query with U+0000 or a name that reaches for prototypes", () => {
  expect(() => readQuery("/x?a=%00")).toThrow();
  expect(() => readQuery("/x?__proto__=1")).toThrow();
});

test.each([
  ['a:1:{i:0;s:3:"a@b";}', ["a@b"]],
  ['["a@b"]', ["a@b"]],
  ['{"a":[1]}', { a: [1] }],
  ["a@b.example", "a@b.example"],
  [["a@b"], ["a@b"]],
  [undefined, null],
])("reads the value %j", (value, meant) => {
  expect(readWireValue(value, "emails")).toEqual(meant);
});

test.each(["a:2:{i:0;i:1;}", "[", '{"a":', '["\\u0000"]', 's:1:"\0";'])("refuses %j and names the field", (value) => {
  expect(() => readWireValue(value, "emails")).toThrow(/emails/);
});

test("base64 that is no UTF-8 text is refused", () => {
  expect(readBase64(Buffer.from("ciao, è").toString("base64"), "html")).toBe("ciao, è");
  expect(() => readBase64("/////w==", "html")).toThrow(/html/);
  expect(() => readBase64("AAAA", "html")).toThrow(/html/);
});
