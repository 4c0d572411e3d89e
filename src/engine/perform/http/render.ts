import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import { readPath } from "../../../core/path.ts";
import { renderJson } from "../../../core/template/render-json.ts";
import { renderTemplate, type TemplateMode } from "../../../core/template/template.ts";

type Pieces = (string | string[])[];

const maxCached = 5000;
const piecesCache = new Map<string, Pieces | null>();
const output = /\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)\s*\}\}/g;
// Liquid gives these names a meaning of their own.
const specialNames = /\.(?:size|first|last)\b/;

/**
 * Renders a template as `renderTemplate` does. Text without tags is taken as it is, and plain outputs such as `{{ contact.email }}` that lead
 * to a text or a number are put in directly: a rendering by the template engine costs 10 microseconds and more, a third of a small call.
 */
export function render(source: string, scope: JsonObject, mode: TemplateMode): string {
  if (!isTemplate(source)) return mode === "url" ? source.trim() : source;
  return (mode === "text" ? renderPieces(source, scope) : null) ?? renderTemplate(source, scope, mode);
}

/** Renders every string in a JSON value as `renderJson` does, with the same short way. */
export function renderValue(template: Json, scope: JsonObject): Json {
  if (typeof template === "string") return renderText(template, scope);
  if (Array.isArray(template)) return template.map((item) => renderValue(item, scope));
  if (!isJsonObject(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, renderValue(value, scope)]));
}

/** The same for a header: the engine's cleaning is left to the caller, who cleans every header value. */
export function renderHeader(source: string, scope: JsonObject): string {
  if (!isTemplate(source)) return source;
  return renderPieces(source, scope) ?? renderTemplate(source, scope, "header");
}

function renderText(source: string, scope: JsonObject): Json {
  if (!isTemplate(source)) return source;
  const only = piecesOf(source);
  const value = only?.length === 1 && Array.isArray(only[0]) ? readPath(scope, only[0]) : undefined;
  return value ?? renderPieces(source, scope) ?? renderJson(source, scope);
}

function isTemplate(source: string): boolean {
  return source.includes("{{") || source.includes("{%");
}

/** Null when the template is more than text and plain outputs, or one of them does not lead to a text, a number or a truth value. */
function renderPieces(source: string, scope: JsonObject): string | null {
  let text = "";
  for (const piece of piecesOf(source) ?? [null]) {
    const value = Array.isArray(piece) ? readPath(scope, piece) : piece;
    if (value === undefined || value === null || typeof value === "object") return null;
    text += value;
  }
  return text;
}

function piecesOf(source: string): Pieces | null {
  const known = piecesCache.get(source);
  if (known !== undefined) return known;
  if (piecesCache.size === maxCached) piecesCache.clear();
  // Splitting by a pattern with a group gives text and path in turn.
  const parts = source.split(output);
  const isPlain = parts.every((part, index) =>
    index % 2 === 1 ? !specialNames.test(part) : !/\{\{|\{%|\}\}|%\}|\{$/.test(part),
  );
  const pieces = isPlain
    ? parts.map((part, index) => (index % 2 === 1 ? part.split(".") : part)).filter((part) => part !== "")
    : null;
  piecesCache.set(source, pieces);
  return pieces;
}
