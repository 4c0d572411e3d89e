import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHarness, type Harness, httpCall, resultOf, sendJson } from "./http-harness.ts";

let harness: Harness;
beforeEach(() => {
  harness = createHarness();
});
afterEach(() => harness.close());

test("a 2xx is a success with status, headers, parsed body, time and attempts", async () => {
  const { origin } = await harness.serve((_, response) =>
    sendJson(response, { tier: "gold" }, { headers: { "X-Id": "7", "Set-Cookie": "a=1" } }),
  );
  const performed = await harness.performer().perform(httpCall({ url: `${origin}/a` }, { attempt: 1 }));
  expect(performed).toMatchObject({
    kind: "answered",
    answer: {
      ok: true,
      result: { status: 200, body: { tier: "gold" }, headers: { "x-id": "7" }, attempts: 1, url: `${origin}/a` },
    },
    detail: { request: { method: "GET", url: `${origin}/a` }, status: 200, body: { tier: "gold" } },
  });
  expect(resultOf(performed)).not.toHaveProperty(["headers", "set-cookie"]);
  expect(resultOf(performed)["durationMs"]).toBeGreaterThanOrEqual(0);
});

test.each([
  [{ kind: "none" }, undefined, ""],
  [{ kind: "json", value: { a: ["{{ event.total }}", "ö"] } }, "application/json", '{"a":[12.5,"ö"]}'],
  [
    { kind: "form", fields: [{ name: "a", value: "{{ event.total }} €" }] },
    "application/x-www-form-urlencoded",
    "a=12.5+%E2%82%AC",
  ],
  [
    { kind: "xml", value: { a: { "@b": "{{ event.total }}" } } },
    "application/xml; charset=utf-8",
    '<?xml version="1.0" encoding="UTF-8"?><a b="12.5"/>',
  ],
  [{ kind: "yaml", value: ["{{ event.total }}"] }, "application/yaml", "- 12.5\n"],
  [{ kind: "text", value: "total {{ event.total }}" }, "text/plain; charset=utf-8", "total 12.5"],
])("the server sees the body %j", async (body, contentType, text) => {
  const { origin, seen } = await harness.serve();
  const call = httpCall({ method: "POST", url: origin, body }, { data: { event: { total: 12.5 } } });
  expect(resultOf(await harness.performer().perform(call)).ok).toBe(true);
  expect([seen[0]?.headers["content-type"], seen[0]?.body.toString()]).toEqual([contentType, text]);
  expect(seen[0]?.headers["content-length"]).toBe(String(Buffer.byteLength(text)));
});

test("the server sees multipart with fields, files and a file fetched from an address, the same bytes at each try", async () => {
  const files = await harness.serve((_, response) =>
    response.writeHead(200, { "content-type": "image/png" }).end("PNG!"),
  );
  const { origin, seen } = await harness.serve();
  const parts = [
    { name: "who", value: 'Zoë "Z"' },
    { name: "doc", filename: 'a"b.txt', contentType: "text/plain", base64: "aGVsbG8=" },
    { name: "pic", url: `${files.origin}/pictures/a%20b.png?x=1` },
  ];
  const performer = harness.performer();
  for (let round = 0; round < 2; round += 1)
    await performer.perform(httpCall({ method: "POST", url: origin, body: { kind: "multipart", parts } }));
  const type = seen[0]?.headers["content-type"] ?? "";
  const form = await new Response(seen[0]?.body as Buffer<ArrayBuffer>, {
    headers: { "content-type": type },
  }).formData();
  const [doc, pic] = [form.get("doc") as File, form.get("pic") as File];
  expect([form.get("who"), doc.name, doc.type, await doc.text()]).toEqual([
    'Zoë "Z"',
    'a"b.txt',
    "text/plain",
    "hello",
  ]);
  expect([pic.name, pic.type, await pic.text()]).toEqual(["a b.png", "image/png", "PNG!"]);
  expect(seen[1]?.body.equals(seen[0]?.body ?? Buffer.alloc(0))).toBe(true);
});

test("sends key, agent, query and headers; HEAD has an answer without body", async () => {
  const { origin, seen } = await harness.serve((_, response) =>
    response.writeHead(200, { "content-length": "5", etag: '"x"' }).end(),
  );
  const call = httpCall({
    method: "HEAD",
    url: `${origin}/a`,
    query: [{ name: "q", value: "1" }],
    headers: { "X-Own": "y" },
  });
  expect(resultOf(await harness.performer().perform(call))).toMatchObject({
    ok: true,
    status: 200,
    body: null,
    headers: { etag: '"x"' },
  });
  expect(seen[0]).toMatchObject({
    method: "HEAD",
    url: "/a?q=1",
    headers: { "idempotency-key": "run:call:1", "user-agent": "Staffetta/1.2.3", "x-own": "y" },
  });
});

test("a compressed answer is read", async () => {
  const { origin, seen } = await harness.serve((_, response) => {
    response
      .writeHead(200, { "content-encoding": "gzip", "content-type": "application/json" })
      .end(gzipSync('{"a":1}'));
  });
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin })))).toMatchObject({
    ok: true,
    body: { a: 1 },
  });
  expect(seen[0]?.headers["accept-encoding"]).toBe("gzip, deflate, br");
});

test("JSON that is broken is kept as text with the complaint", async () => {
  const { origin } = await harness.serve((_, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end('{"a":'),
  );
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin })))).toMatchObject({
    ok: true,
    body: '{"a":',
    parseError: expect.stringMatching(/JSON/),
  });
});

test("follows redirects as far as the limit, and says where it ended", async () => {
  const { origin, seen } = await harness.serve((request, response) => {
    if (request.url === "/end") sendJson(response, { end: true });
    else response.writeHead(302, { location: "/end" }).end();
  });
  const performer = harness.performer();
  const followed = resultOf(
    await performer.perform(
      httpCall({ method: "POST", url: origin, body: { kind: "text", value: "x" }, maxRedirects: 1 }),
    ),
  );
  expect(followed).toMatchObject({ ok: true, body: { end: true }, url: `${origin}/end` });
  expect(seen.map(({ method, headers }) => [method, headers["content-type"]])).toEqual([
    ["POST", "text/plain; charset=utf-8"],
    ["GET", undefined],
  ]);
  expect(resultOf(await performer.perform(httpCall({ url: origin, maxRedirects: 0 })))).toMatchObject({
    ok: false,
    reason: "redirects",
    status: 302,
  });
});

test("no credentials and no secrets follow a redirect to another origin", async () => {
  const other = await harness.serve();
  const { origin } = await harness.serve((_, response) => response.writeHead(307, { location: other.origin }).end());
  const headers = { Authorization: "Bearer x", Cookie: "a=1", "X-Custom": "{{ secrets.token }}", "X-Plain": "p" };
  await harness.performer().perform(httpCall({ url: origin, headers }, { secrets: { token: "s3cr3t-token" } }));
  expect(other.seen[0]?.headers).toMatchObject({ "x-plain": "p", "idempotency-key": "run:call:1" });
  expect(Object.keys(other.seen[0]?.headers ?? {})).not.toEqual(expect.arrayContaining(["authorization"]));
  expect(JSON.stringify(other.seen[0]?.headers)).not.toMatch(/s3cr3t|a=1|Bearer/);
});

test("secrets go out, and come back in neither result nor trail", async () => {
  const { origin, seen } = await harness.serve((request, response) =>
    sendJson(response, { echo: request.headers["x-token"], url: request.url }),
  );
  const config = {
    method: "POST",
    url: `${origin}/{{ secrets.token }}`,
    headers: { "X-Token": "{{ secrets.token }}", Authorization: "Basic abc" },
    body: { kind: "text", value: "{{ secrets.token }}" },
  };
  const performed = await harness.performer().perform(httpCall(config, { secrets: { token: "s3cr3t/token" } }));
  expect([seen[0]?.headers["x-token"], seen[0]?.body.toString()]).toEqual(["s3cr3t/token", "s3cr3t/token"]);
  expect(JSON.stringify(performed)).not.toMatch(/s3cr3t|Basic abc/);
  expect(resultOf(performed)["body"]).toEqual({ echo: "[secret:token]", url: "/[secret:token]" });
});

test("connections are kept for the next call", async () => {
  const { origin, server } = await harness.serve();
  let connections = 0;
  server.on("connection", () => {
    connections += 1;
  });
  const performer = harness.performer({ hostGate: { maxActive: 1, maxQueued: 10, maxWaitMs: 5000 } });
  for (let count = 0; count < 5; count += 1) await performer.perform(httpCall({ url: origin }));
  expect(connections).toBe(1);
});

test("no more calls run at one host than the limit, and all get through", async () => {
  const held: ServerResponse[] = [];
  let most = 0;
  const { origin, seen } = await harness.serve((_, response) => {
    most = Math.max(most, held.push(response));
    // A fourth call, if it were let through, would come within this time.
    if (held.length === 3) setTimeout(() => held.splice(0).forEach((waiting) => void waiting.end()), 20);
  });
  const performer = harness.performer({ hostGate: { maxActive: 3, maxQueued: 50, maxWaitMs: 5000 } });
  const all = await Promise.all(Array.from({ length: 12 }, () => performer.perform(httpCall({ url: origin }))));
  expect([all.every((performed) => resultOf(performed).ok), seen.length, most]).toEqual([true, 12, 3]);
});

test("a test call shows request and answer, tries once, and leaves the breaker alone", async () => {
  const { origin, seen } = await harness.serve((_, response) => response.writeHead(503).end("busy"));
  const performer = harness.performer({ breaker: { threshold: 1, openMs: 30_000, maxOpenMs: 300_000 } });
  const { config, data, secrets, key } = httpCall(
    { method: "POST", url: origin, retries: 5, body: { kind: "text", value: "hi {{ secrets.token }}" } },
    { secrets: { token: "s3cr3t" } },
  );
  const tested = await performer.testCall({ config, data, secrets, key });
  expect(tested).toMatchObject({
    request: {
      method: "POST",
      url: `${origin}/`,
      body: "hi [secret:token]",
      headers: { "idempotency-key": "run:call:1" },
    },
    answer: { ok: false, result: { status: 503, body: "busy", attempts: 1 } },
  });
  expect(seen.length).toBe(1);
  expect((await performer.perform(httpCall({ url: origin }))).kind).toBe("answered");
});

test("a test call of a broken template says so", async () => {
  const { config, data, secrets, key } = httpCall({ url: "http://127.0.0.1/{{ a" });
  expect(await harness.performer().testCall({ config, data, secrets, key })).toMatchObject({
    request: null,
    answer: { ok: false, result: { reason: "invalid_request" } },
  });
});
