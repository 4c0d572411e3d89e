import {
  type HttpMethod,
  type HttpRequest,
  headerList,
  maxUrlLength,
  type NamedTemplate,
} from "../../../core/http-request.ts";
import type { JsonObject } from "../../../core/json.ts";
import { cleanHeader } from "../../../core/template/escape.ts";
import { type BuiltBody, buildBody } from "./build-body.ts";
import { render, renderHeader } from "./render.ts";

export type BuildInput = {
  config: HttpRequest;
  data: JsonObject;
  secrets: Record<string, string>;
  key: string;
  userAgent: string;
};
/** A request ready to be sent, but for file parts that still have to be fetched. Header names are lower-case. */
export type BuiltRequest = { method: HttpMethod; url: URL; headers: Record<string, string>; body: BuiltBody };
export type Built = { ok: true; request: BuiltRequest } | { ok: false; message: string };

const maxWholeUrlLength = 16_000;
const maxHeaderBytes = 32_768;

/**
 * Turns a configuration and the data it was decided with into a request. `key` is sent as Idempotency-Key; a header of the configuration
 * wins over each default. What cannot be built (a broken template, a bad URL) comes back as a message.
 */
export function buildRequest(input: BuildInput): Built {
  try {
    return build(input);
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function build({ config, data, secrets, key, userAgent }: BuildInput): Built {
  const scope: JsonObject = { ...data, secrets };
  const rendered = render(config.url, scope, "url");
  if (rendered.length > maxUrlLength)
    return { ok: false, message: `The URL has ${rendered.length} characters; ${maxUrlLength} are allowed.` };
  const url = parseUrl(rendered);
  addQuery(url, config.query, scope);
  if (url.href.length > maxWholeUrlLength)
    return { ok: false, message: `The URL with its query is longer than ${maxWholeUrlLength} characters.` };
  const body = buildBody(config.body, scope);
  const headers = buildHeaders({ config, scope, body, userAgent, key });
  const size = headersSize(headers);
  if (size > maxHeaderBytes)
    return { ok: false, message: `The headers have ${size} bytes; ${maxHeaderBytes} are allowed.` };
  return { ok: true, request: { method: config.method, url, headers, body } };
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw new Error(`"${text.slice(0, 200)}" is not a URL.`, { cause });
  }
}

/** Appends to the query as it is written: going through `searchParams` would write the existing part anew. */
function addQuery(url: URL, query: NamedTemplate[], scope: JsonObject): void {
  if (query.length === 0) return;
  const added = query.map(
    ({ name, value }) => `${encode(render(name, scope, "text"))}=${encode(render(value, scope, "text"))}`,
  );
  url.search = [url.search.slice(1), ...added].filter((text) => text !== "").join("&");
}

function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, "\ufffd"));
}

function headersSize(headers: Record<string, string>): number {
  let size = 0;
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0) + 4;
  return size;
}

type HeaderInput = { config: HttpRequest; scope: JsonObject; body: BuiltBody; userAgent: string; key: string };

function buildHeaders({ config, scope, body, userAgent, key }: HeaderInput): Record<string, string> {
  const headers: Record<string, string> = {
    accept: "*/*",
    "accept-encoding": "gzip, deflate, br",
    "user-agent": userAgent,
    "idempotency-key": key,
  };
  if (body.contentType) headers["content-type"] = body.contentType;
  const own = new Set<string>();
  for (const { name, value } of headerList(config.headers)) {
    const known = name.toLowerCase();
    const text = headerText(renderHeader(value, scope));
    // A name that is written twice is one list of values (RFC 9110, section 5.3), except that Cookie joins with a semicolon.
    headers[known] = own.has(known) ? `${headers[known]}${known === "cookie" ? "; " : ", "}${text}` : text;
    own.add(known);
  }
  // The boundary belongs to the body, which is made later.
  if (body.kind === "multipart") delete headers["content-type"];
  return headers;
}

/** One line without control characters. Header fields carry bytes: what is not ASCII goes as UTF-8, written as one character for each byte. */
function headerText(text: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)) return text;
  return Buffer.from(cleanHeader(text), "utf8").toString("latin1");
}
