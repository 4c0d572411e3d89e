import type { HttpResult } from "../../../core/http-request.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import type { BuiltRequest } from "./build-request.ts";
import { cleanText } from "./clean-json.ts";

const maxBodyLength = 2048;
const hidden = new Set(["authorization", "cookie"]);

/** The request as people may see it, storable, credentials hidden. It is whole, so that secrets can be found in it before `cutDetail` cuts. */
export function requestDetail({ method, url, headers, body }: BuiltRequest): JsonObject {
  const shown: Record<string, string> = {};
  for (const name of Object.keys(headers)) shown[name] = hidden.has(name) ? "[hidden]" : (headers[name] ?? "");
  if (body.kind === "text") return { method, url: url.href, headers: shown, body: cleanText(body.text) };
  if (body.kind === "none") return { method, url: url.href, headers: shown };
  return { method, url: url.href, headers: shown, parts: body.parts.map(partDetail) };
}

/** A request detail with its body, or the values of its parts, cut to 2 KB. */
export function cutDetail(detail: JsonObject): JsonObject {
  const { body, parts } = detail;
  if (typeof body === "string" && body.length > maxBodyLength) return { ...detail, body: cut(body) };
  if (!Array.isArray(parts)) return detail;
  return {
    ...detail,
    parts: parts.map((part) =>
      isJsonObject(part) && typeof part["value"] === "string" ? { ...part, value: cut(part["value"]) } : part,
    ),
  };
}

/** The result for the trail: everything but the headers, the body cut to 2 KB. */
export function resultDetail({ status, reason, message, durationMs, attempts, body }: HttpResult): JsonObject {
  // Assigned one by one: conditional spreads cost a microsecond in every call.
  const detail: JsonObject = { durationMs, attempts };
  if (status !== undefined) detail["status"] = status;
  if (reason !== undefined) detail["reason"] = reason;
  if (message !== undefined) detail["message"] = message;
  if (body !== undefined) detail["body"] = cutJson(body);
  return detail;
}

function partDetail(part: Extract<BuiltRequest["body"], { kind: "multipart" }>["parts"][number]): JsonObject {
  if ("value" in part) return { name: part.name, value: cleanText(part.value) };
  if ("url" in part) return { name: part.name, url: part.url };
  return { name: part.name, filename: part.filename, sizeBytes: part.bytes.length };
}

function cutJson(body: Json): Json {
  if (typeof body === "string") return cut(body);
  if (typeof body !== "object" || body === null) return body;
  const text = JSON.stringify(body);
  return text.length <= maxBodyLength ? body : cut(text);
}

function cut(text: string): string {
  return text.length <= maxBodyLength ? text : text.slice(0, maxBodyLength).replace(/\p{Surrogate}/gu, "");
}
