import { expect, test } from "vitest";
import type { EffectAnswer } from "../../core/flow/effect.ts";
import type { StepContext } from "../../core/flow/step-kind.ts";
import { stepContext } from "../../testing/step-suite.ts";
import { httpAction } from "./run.ts";
import { httpActionConfig } from "./schema.ts";

const url = "https://api.example.com/tiers";
const get = { method: "GET", url };

test("asks for the call with the part of the scope that its templates read", () => {
  const config = parse({
    method: "POST",
    url: "https://api.example.com/{{ contact.id }}",
    headers: { "X-Order": "{{ event.order.id }}", Authorization: "Bearer {{ secrets.token }}" },
    query: [{ name: "zone", value: "{{ workspace.timeZone }}" }],
    body: { kind: "json", value: { total: "{{ event.total }}", steps: ["{{ steps.loyalty.body.tier }}"] } },
  });
  expect(httpAction.run(config, context(undefined))).toEqual({
    kind: "ask",
    effect: {
      kind: "http",
      data: {
        contact: { id: "c1" },
        event: { order: { id: "A-7", note: "gift" }, total: 12.5 },
        workspace: { timeZone: "Europe/Rome" },
        steps: { loyalty: { body: { tier: "gold" } } },
      },
    },
  });
});

test("asks with no data when nothing is a template", () => {
  expect(httpAction.run(parse(get), context(undefined))).toEqual({ kind: "ask", effect: { kind: "http", data: {} } });
});

test("keeps the instant of the decision for a template that asks for now", () => {
  const outcome = httpAction.run(
    parse({ ...get, query: [{ name: "day", value: "{{ 'now' | date: '%F' }}" }] }),
    context(undefined),
  );
  expect(outcome).toMatchObject({ effect: { data: { run: { now: "2026-03-01T10:00:00.000Z" } } } });
});

test("goes on by error when a template is broken", () => {
  expect(httpAction.run(parse({ ...get, url: "https://example.com/{{ a" }), context(undefined))).toMatchObject({
    kind: "go",
    exit: "error",
    result: { reason: "invalid_request" },
  });
});

test.each([
  ["form", { kind: "form", fields: [{ name: "{{ event.total }}", value: "x" }] }],
  ["multipart value", { kind: "multipart", parts: [{ name: "a", value: "{{ event.total }}" }] }],
  ["multipart file", { kind: "multipart", parts: [{ name: "a", filename: "f", base64: "{{ event.total }}" }] }],
  ["multipart url", { kind: "multipart", parts: [{ name: "a", url: "https://example.com/{{ event.total }}" }] }],
  ["xml tree", { kind: "xml", value: { root: { "@id": "{{ event.total }}" } } }],
  ["xml text", { kind: "xml", value: "<a>{{ event.total }}</a>" }],
  ["yaml", { kind: "yaml", value: ["{{ event.total }}"] }],
  ["text", { kind: "text", value: "{{ event.total }}" }],
])("picks what a %s body reads", (_, body) => {
  const outcome = httpAction.run(parse({ ...get, method: "POST", body }), context(undefined));
  expect(outcome).toMatchObject({ effect: { data: { event: { total: 12.5 } } } });
});

test("goes on by success with the answer as its result", () => {
  const result = { status: 200, headers: {}, body: { tier: "gold" }, durationMs: 12, attempts: 1 };
  expect(httpAction.run(parse(get), context({ ok: true, result }))).toEqual({
    kind: "go",
    exit: "success",
    result,
    changes: [],
    detail: { status: 200, body: { tier: "gold" }, durationMs: 12, attempts: 1 },
  });
});

test("goes on by error with the reason, and changes nothing", () => {
  const result = {
    status: 503,
    headers: {},
    body: { tier: "none" },
    reason: "status",
    message: "It answered 503.",
    durationMs: 5,
    attempts: 4,
  };
  const config = parse({ ...get, save: [{ property: "tier", path: "body.tier" }] });
  expect(httpAction.run(config, context({ ok: false, result }))).toEqual({
    kind: "go",
    exit: "error",
    result,
    detail: {
      status: 503,
      reason: "status",
      message: "It answered 503.",
      body: { tier: "none" },
      durationMs: 5,
      attempts: 4,
    },
  });
});

test("saves parts of the answer into properties of the contact", () => {
  const save = [
    { property: "tier", path: "body.tier" },
    { property: "firstSku", path: "$.body.items[0].sku" },
    { property: "seen", path: "status" },
    { property: "missing", path: "body.nothing.here" },
    { property: "gone", path: "body.removed" },
  ];
  const result = { status: 200, body: { tier: "gold", items: [{ sku: "A1" }], removed: null } };
  expect(httpAction.run(parse({ ...get, save }), context({ ok: true, result }))).toMatchObject({
    changes: [{ kind: "set-properties", properties: { tier: "gold", firstSku: "A1", seen: 200, gone: null } }],
  });
});

test.each([
  ["text", "x".repeat(5000), "x".repeat(2048)],
  ["JSON", { list: "y".repeat(5000) }, `{"list":"${"y".repeat(2039)}`],
  ["a short list", [1, 2], [1, 2]],
])("cuts a body of %s for the trail", (_, body, shown) => {
  const outcome = httpAction.run(parse(get), context({ ok: true, result: { status: 200, body } }));
  expect(outcome.detail?.["body"]).toEqual(shown);
});

test("fills in the defaults", () => {
  expect(parse(get)).toEqual({
    ...get,
    headers: [],
    query: [],
    body: { kind: "none" },
    timeoutMs: 10_000,
    retries: 3,
    retryUnsafe: false,
    maxRedirects: 5,
    maxResponseBytes: 1_048_576,
    save: [],
  });
});

test.each([
  ["method", { ...get, method: "TRACE" }],
  ["url", { ...get, url: "x".repeat(2001) }],
  ["headers", { ...get, headers: { Host: "a" } }],
  ["headers", { ...get, headers: [{ name: "Content-Length", value: "1" }] }],
  ["headers", { ...get, headers: { "Transfer-Encoding": "chunked" } }],
  ["headers", { ...get, headers: { "Bad Name": "a" } }],
  ["headers", { ...get, headers: { "Bad\r\nName": "a" } }],
  ["query", { ...get, query: [{ name: "", value: "a" }] }],
  ["body", { ...get, body: { kind: "carrier-pigeon" } }],
  ["body", { ...get, body: { kind: "xml", value: { a: 1, b: 2 } } }],
  ["body", { ...get, body: { kind: "multipart", parts: [{ name: "a" }] } }],
  ["body", { ...get, method: "HEAD", body: { kind: "text", value: "a" } }],
  ["timeoutMs", { ...get, timeoutMs: 60_001 }],
  ["retries", { ...get, retries: 11 }],
  ["maxRedirects", { ...get, maxRedirects: -1 }],
  ["maxResponseBytes", { ...get, maxResponseBytes: 10_485_761 }],
  ["save", { ...get, save: [{ property: "email", path: "body" }] }],
  ["save", { ...get, save: [{ property: "tier", path: "body..tier" }] }],
  ["save", { ...get, save: [{ property: "a b", path: "body" }] }],
  [undefined, { ...get, colour: "red" }],
])("refuses a wrong %s", (field, config) => {
  const parsed = httpActionConfig.safeParse(config);
  expect(parsed.error?.issues.map((issue) => issue.path[0])).toEqual([field]);
});

test("finds nothing wrong with templates over the scope and secrets", () => {
  const config = parse({
    ...get,
    url: "https://example.com/{{ contact.id }}",
    headers: { Authorization: "{{ secrets.token }}" },
  });
  expect(httpAction.check?.(config, { stepNames: [] })).toEqual([]);
});

test.each([
  ["url", { ...get, url: "https://example.com/{{ contact.id" }],
  ["headers.X-A", { ...get, headers: { "X-A": "{{ nobody.id }}" } }],
  ["headers[0].value", { ...get, headers: [{ name: "X-A", value: "{{ nobody.id }}" }] }],
  ["query[0].value", { ...get, query: [{ name: "a", value: "{% if %}" }] }],
  ["body.value.list[0].a", { ...get, body: { kind: "json", value: { list: [{ a: "{{ event.a | unheard }}" }] } } }],
  ["body.fields[0].name", { ...get, body: { kind: "form", fields: [{ name: "{{ nobody.id }}", value: "" }] } }],
  [
    "body.parts[0].base64",
    { ...get, body: { kind: "multipart", parts: [{ name: "a", filename: "f", base64: "{{ nobody.id }}" }] } },
  ],
  ["body.value", { ...get, body: { kind: "text", value: "{{ nobody.id }}" } }],
  ["body.value.root", { ...get, body: { kind: "xml", value: { root: "{{ nobody.id }}" } } }],
])("names the place of a wrong template: %s", (path, config) => {
  expect(
    httpAction.check?.(parse({ ...config, method: "POST" }), { stepNames: [] }).map((issue) => issue.path),
  ).toEqual([path]);
});

test("has the exits success and error", () => {
  expect(httpAction.exits(parse(get))).toEqual(["success", "error"]);
});

function parse(config: unknown) {
  return httpActionConfig.parse(config);
}

function context(answer: EffectAnswer | undefined): StepContext {
  const now = new Date("2026-03-01T10:00:00Z");
  const scope = {
    contact: { id: "c1", email: "ada@example.com" },
    event: { order: { id: "A-7", note: "gift" }, total: 12.5, other: true },
    run: {},
    steps: { loyalty: { body: { tier: "gold" } }, unread: {} },
    workspace: { id: "w1", timeZone: "Europe/Rome" },
  };
  return stepContext({ step: "call", now, enteredAt: now, scope, answer });
}
