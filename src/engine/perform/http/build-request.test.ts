import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { httpActionConfig } from "../../../steps/http-action/schema.ts";
import { type BuiltRequest, buildRequest } from "./build-request.ts";

const data: JsonObject = {
  contact: { id: "c 1/2", name: 'Zoë "Z" <b>&', callback: "https://hooks.example.com/a?b=1" },
  event: {
    total: 12.5,
    items: [
      { sku: "A1", count: 2 },
      { sku: "B&2", count: 1 },
    ],
    none: null,
    bad: "a\u0000b\u0007c\ud800d",
    lines: "one\r\nX-Evil: 1",
  },
};

test("puts values into the URL so that they cannot change its meaning", () => {
  expect(built({ url: "https://example.com/{{ contact.id }}?n={{ contact.name }}" }).url.href).toBe(
    "https://example.com/c%201%2F2?n=Zo%C3%AB%20%22Z%22%20%3Cb%3E%26",
  );
});

test("takes a whole URL from a value", () => {
  expect(built({ url: "{{ contact.callback }}" }).url.href).toBe("https://hooks.example.com/a?b=1");
});

test("adds the query list to the query as it is written, and keeps names that come twice", () => {
  const query = [
    { name: "tag", value: "a b" },
    { name: "tag", value: "{{ event.items[1].sku }}" },
  ];
  expect(built({ url: "https://example.com/?q=1%202&flag", query }).url.search).toBe(
    "?q=1%202&flag&tag=a%20b&tag=B%262",
  );
});

test("reads secrets in every place", () => {
  const request = built({
    url: "https://example.com/{{ secrets.token }}",
    headers: { authorization: "Bearer {{ secrets.token }}" },
  });
  expect([request.url.pathname, request.headers["authorization"]]).toEqual(["/s3cr3t%20value", "Bearer s3cr3t value"]);
});

test("sends defaults beside the headers that are configured", () => {
  expect(built({ headers: { "X-Total": "{{ event.total }}" } }).headers).toEqual({
    accept: "*/*",
    "accept-encoding": "gzip, deflate, br",
    "user-agent": "Staffetta/1.0.0",
    "idempotency-key": "run:call:1",
    "x-total": "12.5",
  });
});

test("a configured header wins over each default, whatever its case", () => {
  const headers = {
    "USER-AGENT": "mine",
    "idempotency-KEY": "own",
    "Content-type": "application/vnd.api+json",
    Accept: "text/csv",
  };
  expect(built({ method: "POST", headers, body: { kind: "json", value: {} } }).headers).toMatchObject({
    "user-agent": "mine",
    "idempotency-key": "own",
    "content-type": "application/vnd.api+json",
    accept: "text/csv",
  });
});

test("joins a header that is configured twice", () => {
  const headers = ["a", "b"].flatMap((value) => [
    { name: "X-Tag", value },
    { name: "Cookie", value: `${value}=1` },
  ]);
  expect(built({ headers }).headers).toMatchObject({ "x-tag": "a, b", cookie: "a=1; b=1" });
});

test("no value can add a header, and text beyond ASCII goes as UTF-8", () => {
  const { headers } = built({ headers: { "X-Lines": "{{ event.lines }}", "X-Name": "{{ contact.name }}" } });
  expect(headers["x-lines"]).toBe("one X-Evil: 1");
  expect(Buffer.from(headers["x-name"] ?? "", "latin1").toString()).toBe('Zoë "Z" <b>&');
});

test("builds JSON with the types of its values and the order of its keys", () => {
  const value = {
    z: "{{ event.total }}",
    a: ["{{ event.items }}", "n: {{ event.total }}"],
    name: "{{ contact.name }}",
    none: "{{ event.none }}",
    "10": 1,
  };
  expect(text({ kind: "json", value })).toEqual({
    kind: "text",
    contentType: "application/json",
    text: '{"10":1,"z":12.5,"a":[[{"sku":"A1","count":2},{"sku":"B&2","count":1}],"n: 12.5"],"name":"Zoë \\"Z\\" <b>&","none":null}',
  });
});

test("builds forms, and keeps names that come twice", () => {
  const fields = [
    { name: "na me", value: "{{ contact.name }}" },
    { name: "a", value: "1" },
    { name: "a", value: "+" },
  ];
  expect(text({ kind: "form", fields })).toEqual({
    kind: "text",
    contentType: "application/x-www-form-urlencoded",
    text: "na+me=Zo%C3%AB+%22Z%22+%3Cb%3E%26&a=1&a=%2B",
  });
});

test("builds XML with attributes, lists, text and escaping", () => {
  const value = {
    order: {
      "@id": "{{ contact.name }}",
      item: ["A & B", "<c>"],
      "ns:total": { "@currency": "EUR", "#text": "{{ event.total }}" },
      empty: null,
      yes: true,
    },
  };
  expect(text({ kind: "xml", value })).toEqual({
    kind: "text",
    contentType: "application/xml; charset=utf-8",
    text:
      '<?xml version="1.0" encoding="UTF-8"?><order id="Zoë &quot;Z&quot; &lt;b&gt;&amp;"><item>A &amp; B</item><item>&lt;c&gt;</item>' +
      '<ns:total currency="EUR">12.5</ns:total><empty/><yes>true</yes></order>',
  });
});

test("XML never holds characters that it cannot have", () => {
  expect(text({ kind: "xml", value: { a: "{{ event.bad }}" } })).toMatchObject({
    text: '<?xml version="1.0" encoding="UTF-8"?><a>abcd</a>',
  });
  expect(text({ kind: "xml", value: "<a>{{ event.bad }}</a>" })).toMatchObject({ text: "<a>abcd</a>" });
});

test("escapes values in XML that is written as text", () => {
  expect(text({ kind: "xml", value: '<a b="{{ contact.name }}">{{ event.items[1].sku }}</a>' })).toMatchObject({
    text: '<a b="Zoë &quot;Z&quot; &lt;b&gt;&amp;">B&amp;2</a>',
  });
});

test("builds YAML whose strings stay strings", () => {
  expect(
    text({
      kind: "yaml",
      value: { zip: "00123", yes: "no", total: "{{ event.total }}", name: "a: {{ contact.name }}" },
    }),
  ).toEqual({
    kind: "text",
    contentType: "application/yaml",
    text: '"zip": "00123"\n"yes": "no"\n"total": 12.5\n"name": "a: Zoë \\"Z\\" <b>&"\n',
  });
});

test("builds plain text without escaping", () => {
  expect(text({ kind: "text", value: "Hi {{ contact.name }}" })).toEqual({
    kind: "text",
    contentType: "text/plain; charset=utf-8",
    text: 'Hi Zoë "Z" <b>&',
  });
});

test("builds parts from text, base64 and addresses", () => {
  const parts = [
    { name: "who", value: "{{ contact.name }}" },
    { name: "file", filename: "{{ contact.id }}.txt", contentType: "text/plain", base64: "aGVs\nbG8=" },
    { name: "safe", filename: "f", base64: "-_8" },
    { name: "far", url: "https://files.example.com/{{ contact.id }}" },
  ];
  expect(text({ kind: "multipart", parts })).toEqual({
    kind: "multipart",
    parts: [
      { name: "who", value: 'Zoë "Z" <b>&' },
      { name: "file", filename: "c 1/2.txt", contentType: "text/plain", bytes: Buffer.from("hello") },
      { name: "safe", filename: "f", contentType: "application/octet-stream", bytes: Buffer.from([0xfb, 0xff]) },
      { name: "far", filename: undefined, contentType: undefined, url: "https://files.example.com/c%201%2F2" },
    ],
  });
});

test.each([
  ["a URL that is none", { url: "{{ contact.name }}" }, "is not a URL"],
  ["a URL without scheme", { url: "example.com/a" }, "is not a URL"],
  ["a URL that became too long", { url: `https://example.com/{{ event.long }}` }, "2000 are allowed"],
  [
    "a query that became too long",
    { query: Array.from({ length: 5 }, () => ({ name: "q", value: "{{ event.long }}" })) },
    "The URL with its query",
  ],
  [
    "headers that became too long",
    { headers: { "X-A": "{{ event.long }}{{ event.long }}{{ event.long }}{{ event.long }}{{ event.long }}" } },
    "The headers have",
  ],
  ["a broken template", { url: "https://example.com/{{ a" }, "not closed"],
  [
    "a file that is not base64",
    { body: { kind: "multipart", parts: [{ name: "f", filename: "f", base64: "{{ contact.name }}" }] } },
    'part "f" is not base64',
  ],
  ["a name that XML cannot have", { body: { kind: "xml", value: { "a b": 1 } } }, '"a b" cannot be the name'],
  ["a name that would break out of XML", { body: { kind: "xml", value: { a: { "@x><y": 1 } } } }, "cannot be the name"],
  ["a root that is a list", { body: { kind: "xml", value: { a: [1, 2] } } }, "one root element"],
])("says what is wrong with %s", (_, config, message) => {
  const result = build({ method: "POST", ...config });
  expect(result.ok ? "" : result.message).toContain(message);
});

function build(config: object) {
  const secrets = { token: "s3cr3t value" };
  const parsed = httpActionConfig.parse({ method: "GET", url: "https://example.com/", ...config });
  const event = { ...(data["event"] as JsonObject), long: "x".repeat(8000) };
  return buildRequest({
    config: parsed,
    data: { ...data, event },
    secrets,
    key: "run:call:1",
    userAgent: "Staffetta/1.0.0",
  });
}

function built(config: object): BuiltRequest {
  const result = build(config);
  if (!result.ok) throw new Error(result.message);
  return result.request;
}

function text(body: object) {
  return built({ method: "POST", body }).body;
}
