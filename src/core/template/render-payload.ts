import { maxPayloadBytes } from "../event-input.ts";
import type { Json, JsonObject } from "../json.ts";
import { findJsonProblems } from "../json-problems.ts";
import { renderJson } from "./render-json.ts";

export type RenderedPayload = { ok: true; payload: JsonObject } | { ok: false; detail: JsonObject };

/**
 * The payload of an event that a flow makes, from its templates. Not ok when it breaks a rule that payloads from outside keep too:
 * its size, its depth, its text. Throws a TemplateError.
 */
export function renderPayload(templates: Record<string, Json>, scope: JsonObject): RenderedPayload {
  const payload = renderJson(templates, scope) as JsonObject;
  const [problem] = findJsonProblems(payload, { checkText: true });
  if (problem) return { ok: false, detail: { path: problem.path, message: problem.message } };
  const { length } = new TextEncoder().encode(JSON.stringify(payload));
  if (length <= maxPayloadBytes) return { ok: true, payload };
  return { ok: false, detail: { bytes: length, limit: maxPayloadBytes } };
}
