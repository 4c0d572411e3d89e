import { isUtf8 } from "node:buffer";
import { Busboy } from "@fastify/busboy";
import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { findJsonProblems } from "../core/json-problems.ts";
import { parseJson } from "../core/parse-json.ts";

/**
 * Reads the body of a call as what it is: a form when the content type says so, otherwise JSON, for many senders leave the content
 * type out or name a wrong one. Throws `invalid_json`, `invalid_request` or `unsupported_content_type`.
 */
export function readCallBody(bytes: Buffer, contentType: string): Json {
  if (bytes.length === 0) return null;
  if (!isUtf8(bytes)) throw new AppError("invalid_request", "The body is not UTF-8.");
  const text = bytes.toString("utf8");
  if (isUrlEncoded(contentType) && !text.trimStart().startsWith("{")) {
    return checked(collect(new URLSearchParams(text)));
  }
  const parsed = parseJson(text);
  if (parsed.ok) return parsed.value;
  if (parsed.reason === "content") throw new AppError("invalid_request", undefined, { issues: parsed.issues });
  if (contentType !== "" && !/json|text\/plain/i.test(contentType))
    throw new AppError("unsupported_content_type", "Send JSON or a form.");
  const { message, line, column } = parsed.error;
  throw new AppError("invalid_json", `The body is not valid JSON: at line ${line}, column ${column}, ${message}.`, {
    issues: [{ path: "", message, line, column }],
  });
}

/** The value in a JSON body, when nothing at all is wrong with it; else null. */
export function readPlainBody(bytes: Buffer): Json {
  const parsed = isUtf8(bytes) ? parseJson(bytes.toString("utf8")) : null;
  return parsed?.ok ? parsed.value : null;
}

/** Whether a body of this content type is a form, of either kind. */
export function isForm(contentType: string): boolean {
  return isUrlEncoded(contentType) || isMultipart(contentType);
}

function isUrlEncoded(contentType: string): boolean {
  return /^\s*application\/x-www-form-urlencoded\b/i.test(contentType);
}

/** Whether it is a form in parts. */
export function isMultipart(contentType: string): boolean {
  return /^\s*multipart\/form-data\b/i.test(contentType);
}

const maxFields = 500;
const limits = { fields: maxFields, parts: maxFields, fieldNameSize: 200, fieldSize: 1_000_000 };

/** The fields of a form in parts (RFC 7578); files in it are passed over. Rejects with `invalid_request` or `body_too_large`. */
export async function readMultipart(bytes: Buffer, contentType: string): Promise<JsonObject> {
  try {
    return checked(collect(await readParts(bytes, contentType)));
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("invalid_request", "The form in the body cannot be read.", { cause: error });
  }
}

function readParts(bytes: Buffer, contentType: string): Promise<[string, string][]> {
  return new Promise((resolve, reject) => {
    const fields: [string, string][] = [];
    const tooLarge = () => reject(new AppError("body_too_large"));
    const form = Busboy({ headers: { "content-type": contentType }, limits });
    // For as long as it lives: of a broken form it tells more than once, and of a file that is cut short apart.
    form.on("error", reject);
    form.on("file", (_name, file) => file.on("error", reject).resume());
    form.on("field", (...[name, value, isNameCut, isValueCut]) => {
      if (isNameCut || isValueCut) tooLarge();
      else fields.push([name, value]);
    });
    form.on("partsLimit", tooLarge);
    form.on("fieldsLimit", tooLarge);
    form.on("finish", () => resolve(fields));
    form.end(bytes);
  });
}

/** Fields by name; a name that comes more than once has a list. */
function collect(fields: Iterable<[string, string]>): JsonObject {
  const byName = new Map<string, string | string[]>();
  for (const [name, value] of fields) {
    const earlier = byName.get(name);
    byName.set(name, earlier === undefined ? value : [earlier, value].flat());
  }
  return Object.fromEntries(byName);
}

function checked(fields: JsonObject): JsonObject {
  const issues = findJsonProblems(fields, { checkText: true });
  if (issues.length > 0) throw new AppError("invalid_request", undefined, { issues });
  return fields;
}
