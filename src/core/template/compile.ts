import { type Template, toValueSync } from "liquidjs";
import { type Escaping, engines } from "./engine.ts";
import { type LeastRecent, leastRecent } from "./least-recent.ts";
import { cacheLimits, maxDepth, maxSourceLength, maxTags } from "./limits.ts";
import { TemplateError, toTemplateError } from "./template-error.ts";

const caches = new Map<object, LeastRecent<Template[]>>(
  Object.values(engines).map((engine) => [engine, leastRecent<Template[]>(cacheLimits)]),
);

/** The parsed template, from the cache when it was parsed before. Throws a TemplateError with line and column. */
export function compileTemplate(source: string, mode: Escaping): Template[] {
  const cache = caches.get(engines[mode]);
  const known = cache?.get(source);
  if (known) return known;
  const templates = parse(source, mode);
  cache?.set(source, templates);
  return templates;
}

function parse(source: string, mode: Escaping): Template[] {
  if (source.length > maxSourceLength)
    throw new TemplateError(`The template is longer than ${maxSourceLength} characters.`);
  if (countTags(source) > maxTags) throw new TemplateError(`The template has more than ${maxTags} tags and outputs.`);
  try {
    const templates = engines[mode].parse(source);
    checkDepth(templates, 0);
    return templates;
  } catch (error) {
    throw toTemplateError(error);
  }
}

function countTags(source: string): number {
  let count = 0;
  for (let at = source.indexOf("{"); at >= 0; at = source.indexOf("{", at + 1)) {
    const next = source[at + 1];
    if (next === "{" || next === "%") count += 1;
  }
  // The liquid tag holds one tag a line.
  return /\{%-?\s*liquid\b/.test(source) ? count + source.split("\n").length : count;
}

function checkDepth(templates: Template[], depth: number): void {
  for (const template of templates) {
    const children = template.children ? (toValueSync(template.children(false, true)) as Template[]) : [];
    if (children.length === 0) continue;
    if (depth + 1 > maxDepth) throw tooDeep(template);
    checkDepth(children, depth + 1);
  }
}

function tooDeep(template: Template): TemplateError {
  const [line = 1, column = 1] = template.token.getPosition();
  return new TemplateError(`Blocks stand more than ${maxDepth} deep inside each other.`, { line, column });
}
