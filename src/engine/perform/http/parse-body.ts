import { isUtf8 } from "node:buffer";
import { parse as parseYaml } from "yaml";
import type { Json } from "../../../core/json.ts";
import { cleanJson, cleanText } from "./clean-json.ts";
import { parseXml } from "./xml.ts";

export type ParsedBody = { body: Json; bodyEncoding?: "base64"; parseError?: string };

// These parsers take seconds for more, and nothing else runs meanwhile.
const maxSlowParseBytes = 1_048_576;
const maxMediaTypes = 1000;
const mediaTypes = new Map<string, MediaType>();
const xmlEncoding = /^<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]+)["']/;

/**
 * Reads the bytes of an answer by their content type: JSON, XML, YAML and forms become JSON, text becomes text by its charset, anything
 * else text when it is UTF-8 and base64 when not. What does not parse stays text, with the parser's complaint in `parseError`.
 */
export function parseBody(bytes: Buffer, contentType: string | undefined): ParsedBody {
  if (bytes.length === 0) return { body: null };
  const { type, charset, parse } = mediaType(contentType ?? "");
  if (!parse && !isText(type, bytes)) return { body: bytes.toString("base64"), bodyEncoding: "base64" };
  const text = decode(bytes, charset ?? (parse === parseXml ? xmlCharset(bytes) : undefined));
  if (!parse) return { body: cleanText(text) };
  try {
    if (parse !== parseJson && bytes.length > maxSlowParseBytes)
      throw new Error(`Only JSON is read from more than ${maxSlowParseBytes} bytes.`);
    return { body: cleanJson(parse(text)) };
  } catch (error) {
    return {
      body: cleanText(text),
      parseError: cleanText(error instanceof Error ? error.message : String(error)).slice(0, 500),
    };
  }
}

type MediaType = { type: string; charset: string | undefined; parse: ((text: string) => unknown) | undefined };

/** Servers send the same few content types again and again, so what was read from one is kept. */
function mediaType(contentType: string): MediaType {
  const known = mediaTypes.get(contentType);
  if (known) return known;
  if (mediaTypes.size === maxMediaTypes) mediaTypes.clear();
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1];
  const read = { type, charset, parse: parserFor(type) };
  mediaTypes.set(contentType, read);
  return read;
}

function parserFor(type: string): ((text: string) => unknown) | undefined {
  if (type === "application/json" || type === "text/json" || type.endsWith("+json")) return parseJson;
  if (type === "application/xml" || type === "text/xml" || type.endsWith("+xml")) return parseXml;
  if (/^(application|text)\/(x-)?yaml$/.test(type) || type === "text/vnd.yaml" || type.endsWith("+yaml"))
    return parseYamlSafely;
  if (type === "application/x-www-form-urlencoded") return parseForm;
  return undefined;
}

function parseJson(text: string): unknown {
  return text.trim() === "" ? null : JSON.parse(text);
}

/** No aliases (they can grow a kilobyte to gigabytes) and no types beyond those of JSON. */
function parseYamlSafely(text: string): unknown {
  return parseYaml(text, { schema: "core", maxAliasCount: 0, logLevel: "error" });
}

/** A name that comes once has its value, a name that comes more often the list of them. */
function parseForm(text: string): unknown {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const known = fields.get(name);
    fields.set(name, known === undefined ? value : [known, value].flat());
  }
  return Object.fromEntries(fields);
}

function isText(type: string, bytes: Buffer): boolean {
  return type.startsWith("text/") || (isUtf8(bytes) && !bytes.includes(0));
}

function xmlCharset(bytes: Buffer): string | undefined {
  return xmlEncoding.exec(bytes.toString("latin1", 0, 200))?.[1];
}

function decode(bytes: Buffer, charset: string | undefined): string {
  if (charset === undefined || /^utf-?8$/i.test(charset)) return bytes.toString("utf8").replace(/^\ufeff/, "");
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    // An unknown charset label: UTF-8 is the best guess, and what is no UTF-8 shows as U+FFFD.
    return bytes.toString("utf8");
  }
}
