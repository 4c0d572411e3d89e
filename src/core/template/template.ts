import { Context, toValueSync } from "liquidjs";
import type { Issue } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { scopeRoots } from "../scope.ts";
import { compileTemplate } from "./compile.ts";
import { type Escaping, engines } from "./engine.ts";
import { cleanHeader } from "./escape.ts";
import { type Reference, references } from "./fields.ts";
import { Output } from "./output.ts";
import { renderPlain } from "./plain-template.ts";
import { TemplateError, toTemplateError } from "./template-error.ts";

/** Where a template's output goes, and so how its values are escaped. */
export type TemplateMode = Escaping;

/**
 * Renders a Liquid template, escaping every value for the place it goes to. Unknown values give nothing.
 * Throws a TemplateError when the template is broken, exceeds a limit, or (mode json) does not give JSON.
 */
export function renderTemplate(source: string, scope: JsonObject, mode: TemplateMode): string {
  const plain = renderPlain(source, scope, mode);
  if (plain !== null) return finish(plain, mode);
  const templates = compileTemplate(source, mode);
  try {
    const engine = engines[mode];
    const context = templateContext(scope, mode);
    const output = new Output(context, false);
    toValueSync(engine.renderer.renderTemplates(templates, context, output));
    return finish(output.buffer, mode);
  } catch (error) {
    throw toTemplateError(error);
  }
}

/** The context of one rendering. The scope is copied at its top, which is all that tags (`increment`) can write to. */
export function templateContext(scope: JsonObject, mode: TemplateMode): Context {
  const engine = engines[mode];
  return new Context(Object.assign(Object.create(null), scope), engine.options, { sync: true }, { liquid: engine });
}

function finish(text: string, mode: TemplateMode): string {
  if (mode === "header") return cleanHeader(text);
  if (mode === "url") return text.trim();
  if (mode === "json") mustBeJson(text);
  return text;
}

function mustBeJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new TemplateError(`The template does not give JSON: ${(cause as Error).message}`, { cause });
  }
}

/** `path` is put into every issue; `extraRoots` are variables allowed beside the usual ones (`secrets`, for steps that may use them). */
export type CheckOptions = { path?: string; extraRoots?: readonly string[] };

/** What is wrong with a template: the first error of syntax (unknown tags and filters included), else every unknown variable. */
export function checkTemplate(
  source: string,
  mode: TemplateMode,
  { path = "", extraRoots = [] }: CheckOptions = {},
): Issue[] {
  try {
    compileTemplate(source, mode);
    const roots = [...scopeRoots, ...extraRoots];
    return references(source)
      .filter((reference) => !roots.includes(String(reference.path[0])))
      .map((reference) => unknownVariable(reference, path, roots));
  } catch (error) {
    const { message, line, column } = toTemplateError(error);
    return [{ path, message, line, column }];
  }
}

function unknownVariable({ path: variable, line, column }: Reference, path: string, roots: readonly string[]): Issue {
  const message = `There is no variable ${variable.join(".")}: a variable starts with one of ${roots.join(", ")}.`;
  return { path, message, line, column };
}
