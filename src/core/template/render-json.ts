import { Output as OutputTemplate, type Template, toValue, toValueSync } from "liquidjs";
import type { Issue } from "../errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import { compileTemplate } from "./compile.ts";
import { type CheckOptions, checkTemplate, renderTemplate, templateContext } from "./template.ts";
import { toTemplateError } from "./template-error.ts";
import { chargeValue } from "./work.ts";

/**
 * Renders every string inside a JSON value. A string that is exactly one `{{ expression }}` becomes the value itself (a number, a list, null
 * when there is none); any other becomes text. Throws a TemplateError.
 */
export function renderJson(template: Json, scope: JsonObject): Json {
  if (typeof template === "string") return renderString(template, scope);
  if (Array.isArray(template)) return template.map((item) => renderJson(item, scope));
  if (!isJsonObject(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, renderJson(value, scope)]));
}

/** Every string inside a JSON value, in order: the templates that `renderJson` would render. */
export function jsonTemplates(template: Json): string[] {
  if (typeof template === "string") return [template];
  if (typeof template !== "object" || template === null) return [];
  return Object.values(template).flatMap(jsonTemplates);
}

/** What is wrong with the templates inside a JSON value; the path of each issue leads to its string. */
export function checkJson(template: Json, options: CheckOptions = {}): Issue[] {
  const { path = "" } = options;
  if (typeof template === "string") return checkTemplate(template, "text", options);
  if (Array.isArray(template))
    return template.flatMap((item, index) => checkJson(item, { ...options, path: `${path}[${index}]` }));
  if (!isJsonObject(template)) return [];
  return Object.entries(template).flatMap(([name, value]) =>
    checkJson(value, { ...options, path: path ? `${path}.${name}` : name }),
  );
}

function renderString(source: string, scope: JsonObject): Json {
  if (!source.includes("{{") && !source.includes("{%")) return source;
  const templates = compileTemplate(source, "text");
  const only = templates[0];
  if (templates.length === 1 && only instanceof OutputTemplate) return evaluate(only, scope);
  return renderTemplate(source, scope, "text");
}

function evaluate(expression: OutputTemplate & Template, scope: JsonObject): Json {
  try {
    const context = templateContext(scope, "text");
    const value: unknown = toValue(toValueSync(expression.value.value(context, false)));
    chargeValue(context.memoryLimit, value);
    return toJson(value);
  } catch (error) {
    throw toTemplateError(error);
  }
}

function toJson(value: unknown): Json {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(toJson);
  return isJsonObject(value) ? value : null;
}
