import { expect, test } from "vitest";
import type { WireRequest } from "./exchange.ts";
import { nextHop } from "./redirect.ts";

const post: WireRequest = {
  method: "POST",
  url: new URL("https://a.example/start"),
  headers: {
    authorization: "Bearer x",
    cookie: "a=1",
    "x-api-key": "k",
    "x-plain": "p",
    "x-own": "my s3cr3t",
    "content-type": "text/plain",
    "idempotency-key": "k1",
  },
  body: "hello",
};

test.each([
  { status: 301, method: "POST", next: "GET", body: null },
  { status: 302, method: "POST", next: "GET", body: null },
  { status: 303, method: "POST", next: "GET", body: null },
  { status: 307, method: "POST", next: "POST", body: "hello" },
  { status: 308, method: "POST", next: "POST", body: "hello" },
  { status: 301, method: "PUT", next: "PUT", body: "hello" },
  { status: 302, method: "DELETE", next: "DELETE", body: "hello" },
  { status: 303, method: "PUT", next: "GET", body: null },
  { status: 303, method: "HEAD", next: "HEAD", body: "hello" },
  { status: 302, method: "GET", next: "GET", body: "hello" },
] as const)("$status after $method goes on as $next", ({ status, method, next, body }) => {
  expect(follow({ ...post, method }, status, "/next")).toMatchObject({ method: next, body });
});

test("the headers of a body go with the body", () => {
  expect(follow(post, 303, "/next").headers).not.toHaveProperty("content-type");
});

test("within an origin everything else goes along", () => {
  expect(follow(post, 307, "../other?x=1")).toMatchObject({
    url: new URL("https://a.example/other?x=1"),
    headers: post.headers,
  });
});

test.each(["https://b.example/", "http://a.example/", "https://a.example:8443/"])(
  "no credentials go to %s",
  (location) => {
    expect(follow(post, 307, location).headers).toEqual({
      "x-plain": "p",
      "content-type": "text/plain",
      "idempotency-key": "k1",
    });
  },
);

test("a body that holds a secret does not go to another origin", () => {
  expect(
    nextHop({ ...post, body: "token=s3cr3t" }, { status: 307, location: "https://b.example/" }, ["s3cr3t"]),
  ).toMatchObject({ kind: "stop" });
});

test.each([
  [200, "/next"],
  [304, "/next"],
  [300, "/next"],
  [302, undefined],
])("%i with Location %s is an answer", (status, location) => {
  expect(nextHop(post, { status, location }, [])).toEqual({ kind: "answer" });
});

test("stops at a Location that is no URL", () => {
  expect(nextHop(post, { status: 302, location: "http://[" }, [])).toMatchObject({ kind: "stop" });
});

function follow(request: WireRequest, status: number, location: string): WireRequest {
  const hop = nextHop(request, { status, location }, ["s3cr3t"]);
  if (hop.kind !== "follow") throw new Error(hop.kind);
  return hop.request;
}
