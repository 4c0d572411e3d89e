import type { IncomingHttpHeaders } from "node:http";
import type { HttpResult } from "../../../core/http-request.ts";
import { cleanText } from "./clean-json.ts";
import { decompress } from "./decompress.ts";
import type { WireAnswer } from "./exchange.ts";
import { type Failure, failure } from "./failure.ts";
import { parseBody } from "./parse-body.ts";

export type ReadAnswer = Pick<HttpResult, "status" | "headers" | "body" | "bodyEncoding" | "parseError">;
export type Read = { ok: true; answer: ReadAnswer } | { ok: false; failure: Failure };

/** Decompresses and parses an answer. Fails when more than `maxBytes` come out of the compression. */
export async function readResponse({ status, headers, bytes }: WireAnswer, maxBytes: number): Promise<Read> {
  const plainHeaders = flatHeaders(headers);
  const encoding = plainHeaders["content-encoding"];
  const decoded = encoding === undefined ? { ok: true as const, bytes } : await decompress(bytes, encoding, maxBytes);
  if (!decoded.ok) return { ok: false, failure: failure(decoded.reason, decoded.message, true) };
  return {
    ok: true,
    answer: { status, headers: plainHeaders, ...parseBody(decoded.bytes, plainHeaders["content-type"]) },
  };
}

/** Names in lower case, repeated fields joined. Cookies are left out: they are credentials, and no later call sends them. */
export function flatHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name === "set-cookie" || name === "__proto__") continue;
    flat[name] = cleanText(Array.isArray(value) ? value.join(", ") : value);
  }
  return flat;
}
