import { EventEmitter, once } from "node:events";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHarness, type Harness, httpCall, neverAnswer, resultOf, sendJson } from "./http-harness.ts";

let harness: Harness;
beforeEach(() => {
  harness = createHarness();
});
afterEach(() => harness.close());

test.each([
  ["status", 404],
  ["status", 500],
])("a file part that cannot be fetched ends the call with reason %s (%i)", async (reason, status) => {
  const { origin, seen } = await harness.serve((request, response) =>
    response.writeHead(request.url === "/file" ? status : 200).end(),
  );
  const body = { kind: "multipart", parts: [{ name: "pic", url: `${origin}/file` }] };
  const result = resultOf(await harness.performer().perform(httpCall({ method: "POST", url: origin, body })));
  expect(result).toMatchObject({ ok: false, reason, message: `The file in part "pic": It answered ${status}.` });
  expect(seen.length).toBe(1);
});

test("a file part cannot be fetched from a private address either", async () => {
  const { origin } = await harness.serve();
  const body = { kind: "multipart", parts: [{ name: "pic", url: "http://10.0.0.1/secret" }] };
  expect(resultOf(await harness.performer().perform(httpCall({ method: "POST", url: origin, body })))).toMatchObject({
    ok: false,
    reason: "blocked",
  });
});

test("any other status is an error with the answer beside the reason", async () => {
  const { origin } = await harness.serve((_, response) => sendJson(response, { why: "no" }, { status: 422 }));
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin })))).toMatchObject({
    ok: false,
    reason: "status",
    status: 422,
    body: { why: "no" },
  });
});

test("nothing listens: refused", async () => {
  const { origin, server } = await harness.serve();
  await new Promise((done) => server.close(done));
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin })))).toMatchObject({
    ok: false,
    reason: "refused",
  });
});

test("a connection that breaks off: unreachable", async () => {
  const { origin } = await harness.serve((request) => request.socket.destroy());
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin })))).toMatchObject({
    ok: false,
    reason: "unreachable",
  });
});

test("an answer that is not HTTP: unreachable", async () => {
  const url = await harness.serveRaw("hello, I am no web server\r\n\r\n");
  expect(resultOf(await harness.performer().perform(httpCall({ url })))).toMatchObject({
    ok: false,
    reason: "unreachable",
  });
});

test("headers without end: too large", async () => {
  const url = await harness.serveRaw(`HTTP/1.1 200 OK\r\n${"X-Filler: yes\r\n".repeat(5000)}`);
  expect(resultOf(await harness.performer().perform(httpCall({ url })))).toMatchObject({
    ok: false,
    reason: "too_large",
  });
});

test("a name without address: dns", async () => {
  const resolve = () => Promise.reject(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }));
  const performed = await harness.performer({ resolve }).perform(httpCall({ url: "http://nowhere.example/" }));
  expect(resultOf(performed)).toMatchObject({ ok: false, reason: "dns" });
});

test("a server that does not speak TLS: tls", async () => {
  const { origin } = await harness.serve();
  expect(
    resultOf(await harness.performer().perform(httpCall({ url: origin.replace("http:", "https:") }))),
  ).toMatchObject({ ok: false, reason: "tls" });
});

test.each([
  "http://127.0.0.1:9/",
  "http://127.1/",
  "http://0x7f000001/",
  "http://[::1]/",
  "http://[::ffff:127.0.0.1]/",
  "http://169.254.169.254/latest/meta-data/",
])("a call to %s is blocked when nothing is allowed", async (url) => {
  expect(resultOf(await harness.performer({ allow: [] }).perform(httpCall({ url })))).toMatchObject({
    ok: false,
    reason: "blocked",
  });
});

test("a name that leads to a private address is blocked, and nothing arrives there", async () => {
  const { origin, seen } = await harness.serve();
  const resolve = async () => [{ address: "127.0.0.1", family: 4 }];
  const url = origin.replace("127.0.0.1", "innocent.example");
  expect(resultOf(await harness.performer({ allow: [], resolve }).perform(httpCall({ url })))).toMatchObject({
    ok: false,
    reason: "blocked",
  });
  expect(seen).toEqual([]);
});

test("a redirect to a private address is blocked", async () => {
  const { origin } = await harness.serve((_, response) =>
    response.writeHead(302, { location: "http://169.254.169.254/latest/" }).end(),
  );
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin })))).toMatchObject({
    ok: false,
    reason: "blocked",
  });
});

test("a redirect to a name with a private address is blocked", async () => {
  const { origin } = await harness.serve((_, response) =>
    response.writeHead(302, { location: "http://inside.example/" }).end(),
  );
  const resolve = async () => [{ address: "10.0.0.7", family: 4 }];
  expect(resultOf(await harness.performer({ resolve }).perform(httpCall({ url: origin })))).toMatchObject({
    ok: false,
    reason: "blocked",
  });
});

test.each([
  "http://user:word@127.0.0.1/",
  "ftp://127.0.0.1/",
  "{{ event.missing }}",
  "http://exa mple/",
  "{{ event.a | nothing }}",
])("the URL %j is an invalid request, not a crash", async (url) => {
  expect(resultOf(await harness.performer().perform(httpCall({ url })))).toMatchObject({
    ok: false,
    reason: "invalid_request",
    message: expect.stringMatching(/./),
  });
});

test("an answer that does not begin: timeout", async () => {
  const { origin } = await harness.serve(neverAnswer);
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin, timeoutMs: 100 })))).toMatchObject({
    ok: false,
    reason: "timeout",
  });
});

test("a body that drips: timeout, however often a byte comes", async () => {
  const { origin } = await harness.serve((_, response) => {
    const drip = setInterval(() => response.write("."), 10);
    response.on("close", () => clearInterval(drip));
  });
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin, timeoutMs: 150 })))).toMatchObject({
    ok: false,
    reason: "timeout",
  });
});

test("redirects share one time limit", async () => {
  const { origin } = await harness.serve((request, response) => {
    setTimeout(() => response.writeHead(302, { location: `${request.url}a` }).end(), 60);
  });
  const result = resultOf(
    await harness.performer().perform(httpCall({ url: origin, timeoutMs: 150, maxRedirects: 10 })),
  );
  expect(result).toMatchObject({ ok: false, reason: "timeout" });
});

test("an endless body: too large, and the connection is cut", async () => {
  const cut = new EventEmitter();
  const wasCut = once(cut, "cut");
  const { origin } = await harness.serve((_, response) => {
    const chunk = Buffer.alloc(65_536, "x");
    const pour = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", pour).on("close", () => cut.emit("cut"));
    pour();
  });
  const result = resultOf(await harness.performer().perform(httpCall({ url: origin, maxResponseBytes: 200_000 })));
  expect(result).toMatchObject({ ok: false, reason: "too_large" });
  await wasCut;
});

test("a gzip bomb: too large", async () => {
  const bomb = gzipSync(Buffer.alloc(100_000_000));
  const { origin } = await harness.serve((_, response) =>
    response.writeHead(200, { "content-encoding": "gzip" }).end(bomb),
  );
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin })))).toMatchObject({
    ok: false,
    reason: "too_large",
    status: 200,
  });
});
