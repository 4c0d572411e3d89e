import { expect, test } from "vitest";
import type { BuiltBody } from "./build-body.ts";
import { cutDetail, requestDetail, resultDetail } from "./detail.ts";

test("shows a request with its credentials hidden", () => {
  expect(requestDetail(built({ kind: "text", contentType: "text/plain", text: "hi" }))).toEqual({
    method: "POST",
    url: "https://example.com/a?b=1",
    headers: { authorization: "[hidden]", cookie: "[hidden]", "x-plain": "p" },
    body: "hi",
  });
});

test("shows only what PostgreSQL can keep", () => {
  const shown = requestDetail(built({ kind: "text", contentType: "text/plain", text: "a\u0000b\ud800c" }));
  expect(shown["body"]).toBe("abc");
});

test("shows no body when there is none", () => {
  expect(requestDetail(built({ kind: "none" }))).not.toHaveProperty("body");
});

test("shows files by name and size", () => {
  const parts = [
    { name: "a", value: "text" },
    { name: "b", filename: "f.bin", contentType: "x/y", bytes: Buffer.alloc(7) },
    { name: "c", filename: undefined, contentType: undefined, url: "https://example.com/f" },
  ];
  expect(requestDetail(built({ kind: "multipart", parts }))["parts"]).toEqual([
    { name: "a", value: "text" },
    { name: "b", filename: "f.bin", sizeBytes: 7 },
    { name: "c", url: "https://example.com/f" },
  ]);
});

test("cuts long texts to 2 KB, in bodies and in parts, and never inside a character", () => {
  expect(cutDetail({ url: "u", body: `${"x".repeat(2047)}😀` })).toEqual({ url: "u", body: "x".repeat(2047) });
  expect(cutDetail({ parts: [{ name: "a", value: "y".repeat(5000) }, { name: "b" }] })).toEqual({
    parts: [{ name: "a", value: "y".repeat(2048) }, { name: "b" }],
  });
});

test("leaves short requests as they are", () => {
  const detail = { body: "short" };
  expect(cutDetail(detail)).toEqual(detail);
});

test("shows of a result what there is, without headers", () => {
  expect(resultDetail({ status: 200, headers: { a: "b" }, body: { a: 1 }, durationMs: 3, attempts: 1 })).toEqual({
    status: 200,
    body: { a: 1 },
    durationMs: 3,
    attempts: 1,
  });
  expect(resultDetail({ reason: "dns", message: "none", durationMs: 3, attempts: 2 })).toEqual({
    reason: "dns",
    message: "none",
    durationMs: 3,
    attempts: 2,
  });
});

test("a long JSON body is shown as the beginning of its text", () => {
  const { body } = resultDetail({ body: ["z".repeat(5000)], durationMs: 0, attempts: 1 });
  expect(body).toBe(`["${"z".repeat(2046)}`);
});

function built(body: BuiltBody) {
  const headers = { authorization: "Bearer x", cookie: "a=1", "x-plain": "p" };
  return { method: "POST" as const, url: new URL("https://example.com/a?b=1"), headers, body };
}
