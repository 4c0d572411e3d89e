import { isUtf8 } from "node:buffer";
import type { FastifyRequest } from "fastify";
import { AppError } from "../../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { findJsonProblems } from "../../core/json-problems.ts";
import { parseJson } from "../../core/parse-json.ts";
import { readCallBody } from "../read-body.ts";
import { looksSerialized, readSerialized } from "./php-serialize.ts";

/** What a body of a GET request may have: a page's limits and filters, no more. */
const maxQueryBody = 64 * 1024;

/**
 * The parameters of a call, wherever its client put them: an ordinary query, a query that is one JSON text (Python), a JSON body, also
 * of a GET request (node). What is in the body goes before the query.
 */
export async function readParameters(request: FastifyRequest): Promise<JsonObject> {
  const query = readQuery(request.raw.url ?? "");
  const body = request.method === "GET" ? await readBodyOfGet(request) : (request.body ?? null);
  if (body === null || (Array.isArray(body) && body.length === 0)) return query;
  if (isJsonObject(body as Json)) return { ...query, ...(body as JsonObject) };
  throw new AppError("invalid_request", "The body must be a JSON object.", {
    issues: [{ path: "", message: "must be a JSON object" }],
  });
}

/** The fields of a query string, which may be one url-encoded JSON object. Throws `invalid_request`. */
export function readQuery(url: string): JsonObject {
  const at = url.indexOf("?");
  if (at < 0) return {};
  const text = url.slice(at + 1);
  const fields = readJsonQuery(text) ?? Object.fromEntries(new URLSearchParams(text));
  const issues = findJsonProblems(fields, { checkText: true });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  return fields;
}

/** A `+` is tried as itself first: the client that writes such queries encodes a space as `%20`. */
function readJsonQuery(text: string): JsonObject | null {
  if (!/^(?:\{|%7b)/i.test(text)) return null;
  for (const spelled of [text, text.replaceAll("+", " ")]) {
    const parsed = parseJson(decoded(spelled.replace(/=$/, "")));
    if (parsed.ok && isJsonObject(parsed.value)) return parsed.value;
  }
  return null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded as a URI is: then it is no JSON either.
    return "";
  }
}

/** The framework leaves the body of a GET request unread. */
async function readBodyOfGet(request: FastifyRequest): Promise<Json> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request.raw as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxQueryBody) throw new AppError("body_too_large");
    pieces.push(piece);
  }
  return readCallBody(Buffer.concat(pieces), request.headers["content-type"] ?? "");
}

/**
 * The value that a parameter means: the node client writes lists and objects as PHP does, the Python client as JSON in a text.
 * Any other text is itself. Throws `invalid_request` for a text that begins as one of these and is broken.
 */
export function readWireValue(value: Json | undefined, path: string): Json {
  if (typeof value !== "string") return value ?? null;
  const text = value.trim();
  if (looksSerialized(text)) return checked(readSerialized(text), path);
  if (!/^[[{]/.test(text)) return value;
  const parsed = parseJson(text);
  if (parsed.ok) return parsed.value;
  throw refused(path, parsed.reason === "syntax" ? `must be JSON: ${parsed.error.message}` : parsed.issues[0]?.message);
}

function checked(read: ReturnType<typeof readSerialized>, path: string): Json {
  if (!read.ok) throw refused(path, `must be serialized as PHP does: ${read.message}`);
  const [problem] = findJsonProblems(read.value, { checkText: true });
  if (problem) throw refused(`${path}${problem.path.startsWith("[") ? "" : "."}${problem.path}`, problem.message);
  return read.value;
}

function refused(path: string, message = "cannot be read"): AppError {
  return new AppError("invalid_request", `${path}: ${message}`, { issues: [{ path, message }] });
}

/** The text of bytes from outside. Throws `invalid_request` when they are not UTF-8, or are what the database cannot keep. */
export function readBase64(value: string, path: string): string {
  const bytes = Buffer.from(value, "base64");
  const text = isUtf8(bytes) ? bytes.toString("utf8") : "\0";
  if (text.includes("\0")) throw refused(path, "must be UTF-8 text as base64");
  return text;
}
