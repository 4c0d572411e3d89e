import { z } from "zod";
import type { Json } from "./json.ts";

export const httpMethods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] as const;
export type HttpMethod = (typeof httpMethods)[number];

/** Why an HTTP call ended without a 2xx; `steps.<name>.reason` holds one of these. */
export const httpReasons = [
  "status",
  "timeout",
  "refused",
  "unreachable",
  "dns",
  "tls",
  "blocked",
  "too_large",
  "redirects",
  "invalid_request",
  "circuit_open",
] as const;
export type HttpReason = (typeof httpReasons)[number];

/** The longest URL a rendered template may give, in characters, before the query list is added. */
export const maxUrlLength = 2000;
const maxTemplateLength = 100_000;
const maxPairs = 100;
// RFC 9110, section 5.6.2.
const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// The connection belongs to the client, and a second length or host opens request smuggling (RFC 9112, section 11.2).
const ownHeaders = new Set(
  "connection keep-alive proxy-authenticate proxy-authorization proxy-connection te trailer transfer-encoding upgrade expect host content-length".split(
    " ",
  ),
);

const template = z.string().max(maxTemplateLength);
const shortTemplate = z.string().min(1).max(1000);
const pair = z.strictObject({ name: shortTemplate, value: template });
const headerName = z
  .string()
  .max(200)
  .regex(tokenPattern, "A header name may hold only letters, digits and !#$%&'*+.^_`|~-.")
  .refine((name) => !ownHeaders.has(name.toLowerCase()), "This header is set by the HTTP client itself.");

const part = z.union(
  [
    z.strictObject({ name: shortTemplate, value: template }),
    z.strictObject({
      name: shortTemplate,
      filename: shortTemplate,
      contentType: shortTemplate.optional(),
      base64: z.string().max(14_000_000),
    }),
    z.strictObject({
      name: shortTemplate,
      filename: shortTemplate.optional(),
      contentType: shortTemplate.optional(),
      url: shortTemplate,
    }),
  ],
  { error: "A part is {name, value}, {name, filename, contentType?, base64} or {name, filename?, contentType?, url}." },
);

const body = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("json"), value: z.json() }),
  z.strictObject({ kind: z.literal("form"), fields: z.array(pair).max(maxPairs) }),
  z.strictObject({ kind: z.literal("multipart"), parts: z.array(part).min(1).max(maxPairs) }),
  z.strictObject({
    kind: z.literal("xml"),
    value: z.union([
      template,
      z
        .record(z.string(), z.json())
        .refine((tree) => Object.keys(tree).length === 1, "XML has exactly one root element."),
    ]),
  }),
  z.strictObject({ kind: z.literal("yaml"), value: z.json() }),
  z.strictObject({ kind: z.literal("text"), value: template }),
]);

/** The fields of an HTTP request that a person configures; strings are templates. Times in milliseconds, sizes in bytes. */
export const httpRequestFields = {
  method: z.enum(httpMethods),
  url: z.string().min(1).max(maxUrlLength),
  headers: z
    .union([
      z.record(headerName, template),
      z.array(z.strictObject({ name: headerName, value: template })).max(maxPairs),
    ])
    .default([]),
  query: z.array(pair).max(maxPairs).default([]),
  body: body.default({ kind: "none" }),
  timeoutMs: z.int().min(100).max(60_000).default(10_000),
  retries: z.int().min(0).max(10).default(3),
  retryUnsafe: z.boolean().default(false),
  maxRedirects: z.int().min(0).max(10).default(5),
  maxResponseBytes: z.int().min(0).max(10_485_760).default(1_048_576),
};

/** A whole request, where nothing else is configured beside it. */
export const httpRequest = z.strictObject(httpRequestFields);
export type HttpRequest = z.output<typeof httpRequest>;
export type HttpBody = HttpRequest["body"];
export type HttpPart = z.output<typeof part>;
export type NamedTemplate = { name: string; value: string };

/** The headers of a request as a list, whichever of the two forms they were written in. */
export function headerList(headers: HttpRequest["headers"]): NamedTemplate[] {
  return Array.isArray(headers) ? headers : Object.entries(headers).map(([name, value]) => ({ name, value }));
}

/** What `steps.<name>` holds after an HTTP call: an answer with a 2xx, or as much of one as there is and the reason. */
export type HttpResult = {
  status?: number;
  headers?: Record<string, string>;
  body?: Json;
  bodyEncoding?: "base64";
  parseError?: string;
  url?: string;
  reason?: HttpReason;
  message?: string;
  durationMs: number;
  attempts: number;
};
