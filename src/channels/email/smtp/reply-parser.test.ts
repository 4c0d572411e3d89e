import fc from "fast-check";
import { expect, test } from "vitest";
import { ReplyParser } from "./reply-parser.ts";

const parse = (text: string) => new ReplyParser().feed(Buffer.from(text));

test("reads code, enhanced code and text", () => {
  expect(parse("550 5.1.1 No such user\r\n")).toEqual([
    { code: 550, enhancedCode: "5.1.1", text: "No such user", lines: ["5.1.1 No such user"] },
  ]);
});

test("puts the lines of one reply together, the enhanced code once", () => {
  expect(parse("550-5.7.26 This mail\r\n550-5.7.26 is not\r\n550 5.7.26 signed.\r\n")).toMatchObject([
    { enhancedCode: "5.7.26", text: "This mail is not signed." },
  ]);
});

test("keeps the lines of an EHLO reply apart", () => {
  expect(parse("250-mx.example\r\n250-PIPELINING\r\n250 SIZE 100\r\n")[0]?.lines).toEqual([
    "mx.example",
    "PIPELINING",
    "SIZE 100",
  ]);
});

test("takes a bare code, a bare LF and several replies at once", () => {
  expect(parse("250\r\n354 go\n").map(({ code }) => code)).toEqual([250, 354]);
});

test("no number that merely looks like one is an enhanced code", () => {
  expect(parse("250 2.0 fine\r\n")[0]).not.toHaveProperty("enhancedCode");
  expect(parse("220 192.0.2.1 ready\r\n")[0]).not.toHaveProperty("enhancedCode");
});

test("chunks may end anywhere, inside a letter too", () => {
  const bytes = Buffer.from("250-Größe\r\n250-日本\r\n250 ok\r\n451 4.3.0 später\r\n");
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
      const parser = new ReplyParser();
      const places = [0, ...cuts.sort((one, other) => one - other), bytes.length];
      const replies = places.slice(1).flatMap((end, index) => parser.feed(bytes.subarray(places[index], end)));
      expect(replies.map(({ text }) => text)).toEqual(["Größe 日本 ok", "später"]);
    }),
  );
});

test.each([
  ["another protocol", "HTTP/1.1 400 Bad Request\r\n"],
  ["a line without end", `250 ${"x".repeat(10_000)}`],
  ["a reply without end", "250-more\r\n".repeat(200)],
])("refuses %s", (_name, text) => {
  expect(() => parse(text)).toThrow();
});

test("knows when half a reply is there", () => {
  const parser = new ReplyParser();
  parser.feed(Buffer.from("250-a\r\n"));
  expect(parser.isMidReply).toBe(true);
  parser.feed(Buffer.from("250 b\r\n"));
  expect(parser.isMidReply).toBe(false);
});
