import { afterEach, beforeEach, expect, test } from "vitest";
import type { HttpPerformed } from "./http.ts";
import { createHarness, type Harness, httpCall, neverAnswer, now, resultOf } from "./http-harness.ts";

let harness: Harness;
beforeEach(() => {
  harness = createHarness();
});
afterEach(() => harness.close());

test("when the queue of a host is full, the call comes back later and costs no attempt", async () => {
  const { origin } = await harness.serve(neverAnswer);
  const performer = harness.performer({ hostGate: { maxActive: 1, maxQueued: 0, maxWaitMs: 5000 } });
  const first = performer.perform(httpCall({ url: origin, timeoutMs: 100 }));
  expect(await performer.perform(httpCall({ url: origin }))).toMatchObject({
    kind: "retry",
    countsAsAttempt: false,
    at: new Date("2026-03-01T10:00:03.000Z"),
  });
  expect(resultOf(await first)).toMatchObject({ reason: "timeout" });
});

test.each([408, 425, 429, 500, 502, 503, 504])("%i is tried again, until the retries are used up", async (status) => {
  const { origin } = await harness.serve((_, response) => response.writeHead(status).end());
  const performer = harness.performer();
  const retry = await performer.perform(httpCall({ url: origin, retries: 2 }, { attempt: 2 }));
  expect(retry).toMatchObject({
    kind: "retry",
    reason: "status",
    countsAsAttempt: true,
    detail: { status, attempts: 2 },
  });
  expect(secondsUntil(retry)).toBeCloseTo(1, 0);
  expect(resultOf(await performer.perform(httpCall({ url: origin, retries: 2 }, { attempt: 3 })))).toMatchObject({
    ok: false,
    status,
    attempts: 3,
  });
});

test.each([400, 401, 404, 409, 410, 422])("%i is final at once", async (status) => {
  const { origin } = await harness.serve((_, response) => response.writeHead(status).end());
  expect(resultOf(await harness.performer().perform(httpCall({ url: origin, retries: 3 })))).toMatchObject({
    ok: false,
    status,
  });
});

test.each([
  ["30", 30, 32],
  ["99999", 3600, 3602],
  [() => new Date(now.getTime() + 90_000).toUTCString(), 88, 92],
])("Retry-After %s is kept to", async (value, from, to) => {
  const after = typeof value === "function" ? value() : value;
  const { origin } = await harness.serve((_, response) => response.writeHead(429, { "retry-after": after }).end());
  const seconds = secondsUntil(await harness.performer().perform(httpCall({ url: origin, retries: 3 })));
  expect(seconds).toBeGreaterThanOrEqual(from);
  expect(seconds).toBeLessThanOrEqual(to);
});

test.each([
  ["PUT", false, "retry"],
  ["DELETE", false, "retry"],
  ["POST", false, "answered"],
  ["PATCH", false, "answered"],
  ["POST", true, "retry"],
] as const)("%s with retryUnsafe %s after a 503: %s", async (method, retryUnsafe, kind) => {
  const { origin } = await harness.serve((_, response) => response.writeHead(503).end());
  expect((await harness.performer().perform(httpCall({ method, url: origin, retryUnsafe, retries: 3 }))).kind).toBe(
    kind,
  );
});

test("a POST that ran out of time is not repeated, as it may have arrived", async () => {
  const { origin } = await harness.serve(neverAnswer);
  const performed = await harness
    .performer()
    .perform(httpCall({ method: "POST", url: origin, timeoutMs: 100, retries: 3 }));
  expect(resultOf(performed)).toMatchObject({ reason: "timeout" });
});

test("a POST that was refused is tried again, as nothing was sent", async () => {
  const { origin, server } = await harness.serve();
  await new Promise((done) => server.close(done));
  const performed = await harness.performer().perform(httpCall({ method: "POST", url: origin, retries: 3 }));
  expect(performed).toMatchObject({ kind: "retry", reason: "refused" });
});

test.each(["blocked", "tls", "invalid_request"])("%s is final at once", async (reason) => {
  const { origin } = await harness.serve();
  const urls: Record<string, string> = {
    blocked: "http://10.0.0.1/",
    tls: origin.replace("http", "https"),
    invalid_request: "http://u:p@example.com/",
  };
  expect(resultOf(await harness.performer().perform(httpCall({ url: urls[reason], retries: 3 })))).toMatchObject({
    reason,
  });
});

test("the breaker opens after failures in a row, spares attempts, and closes when a probe succeeds", async () => {
  let status = 500;
  const { origin, seen } = await harness.serve((_, response) => response.writeHead(status).end());
  const performer = harness.performer({ breaker: { threshold: 3, openMs: 30_000, maxOpenMs: 300_000 } });
  for (let count = 0; count < 3; count += 1) await performer.perform(httpCall({ url: origin }));
  const held = await performer.perform(httpCall({ url: `${origin}/held` }));
  expect(held).toMatchObject({ kind: "retry", reason: "circuit_open", countsAsAttempt: false });
  expect(secondsUntil(held)).toBeCloseTo(33, 0);
  expect(seen.length).toBe(3);
  status = 200;
  const later = new Date(now.getTime() + 31_000);
  expect(resultOf(await performer.perform(httpCall({ url: origin }, { now: later }))).ok).toBe(true);
  expect(resultOf(await performer.perform(httpCall({ url: origin }, { now: later }))).ok).toBe(true);
});

test("other origins do not suffer from an open breaker, and answers below 500 do not open it", async () => {
  const bad = await harness.serve((_, response) => response.writeHead(404).end());
  const performer = harness.performer({ breaker: { threshold: 2, openMs: 30_000, maxOpenMs: 300_000 } });
  for (let count = 0; count < 5; count += 1)
    expect((await performer.perform(httpCall({ url: bad.origin }))).kind).toBe("answered");
});

test("a call that the breaker holds back for too long ends with circuit_open", async () => {
  const { origin } = await harness.serve((_, response) => response.writeHead(500).end());
  const performer = harness.performer({ breaker: { threshold: 1, openMs: 30_000, maxOpenMs: 300_000 } });
  await performer.perform(httpCall({ url: origin }));
  const performed = await performer.perform(
    httpCall({ url: origin }, { createdAt: new Date(now.getTime() - 3_600_000) }),
  );
  expect(resultOf(performed)).toMatchObject({ ok: false, reason: "circuit_open", attempts: 0 });
});

function secondsUntil(performed: HttpPerformed): number {
  if (performed.kind !== "retry") throw new Error(JSON.stringify(performed));
  return (performed.at.getTime() - now.getTime()) / 1000;
}
