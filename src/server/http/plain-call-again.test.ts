import fc from "fast-check";
import { expect, test } from "vitest";
import { readPlainCall } from "./plain-call.ts";

type Parts = { first: string; host: string; more: readonly string[]; body: string };

function requestOf({ first, host, more, body }: Parts): string {
  const lines = [host, "Content-Type: application/json", `Content-Length: ${body.length}`, ...more];
  return `${[first, ...lines].join("\r\n")}\r\n\r\n${body}`;
}

const parts = fc.record({
  first: fc.constantFrom("POST /v1/events HTTP/1.1", "POST /v1/event HTTP/1.1", "GET /v1/events HTTP/1.1"),
  host: fc.constantFrom("Host: a.example", "Host: a.exampl", "Host: a.example:80"),
  more: fc.constantFrom([], ["x: 1"], ["x: 1", "x: 1"], ["Expect: 100-continue"]),
  body: fc.constantFrom('{"name":"page"}', '{"name":"home"}', "{}", "\r\n\r\n"),
});
/** How the bytes differ from a whole request: less, or more. */
const cut = fc.constantFrom(0, 0, 1, 3, 30, 100, -1);

function bytesOf(request: Parts, missing = 0): Buffer {
  const text = `${requestOf(request)}${missing < 0 ? "x" : ""}`;
  return Buffer.from(text.slice(0, text.length - Math.max(0, missing)), "latin1");
}

test("what a call says is the same behind any other, and a head that comes again is not read again", () => {
  let again = 0;
  fc.assert(
    fc.property(parts, fc.option(parts, { freq: 1 }), cut, (one, other, missing) => {
      const two = other ?? one;
      const before = readPlainCall(bytesOf(one));
      const last = before === null || before === "incomplete" ? null : before.head;
      const call = readPlainCall(bytesOf(two, missing), (text) => (last?.text === text ? last : undefined));
      expect(call).toEqual(readPlainCall(bytesOf(two, missing)));
      const [headOfOne, headOfTwo] = [one, two].map((parts) => requestOf(parts).split("\r\n\r\n")[0]);
      if (last === null || call === null || call === "incomplete" || headOfOne !== headOfTwo) return;
      again += 1;
      expect(call.head).toBe(last);
    }),
    { numRuns: 3000 },
  );
  expect(again).toBeGreaterThan(10);
});
