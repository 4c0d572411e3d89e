import type { Json, JsonObject } from "../json.ts";
import { isJsonObject } from "../json.ts";
import type { Escaping } from "./engine.ts";
import { htmlText } from "./escape.ts";
import { leastRecent } from "./least-recent.ts";
import { cacheLimits, maxOutputLength, maxSourceLength, maxTags } from "./limits.ts";

/** Text as it stands, or the path of a field. */
type Piece = string | readonly string[];

const pieces = leastRecent<Piece[] | "not plain">(cacheLimits);
const output = /\{\{\s*((?:contact|event|run|steps|workspace|secrets)(?:\.[a-z_]\w*)*)\s*\}\}/iy;
const roots = /^(?:contact|event|run|steps|workspace|secrets)$/;
/** What Liquid gives of every value, whether or not it has a field of that name. */
const computed = new Set(["size", "first", "last"]);

/**
 * What the template gives, when it is only text with fields in between, and all of them are texts, numbers or not there: most
 * templates are, and without Liquid a mail of three fields takes a tenth of the time. Null for all others.
 */
export function renderPlain(source: string, scope: JsonObject, mode: Escaping): string | null {
  const known = pieces.get(source) ?? remember(source);
  if (known === "not plain") return null;
  // How a value is written into a URL or JSON depends on what stands before it.
  if ((mode === "url" || mode === "json") && known.length > 1) return null;
  let text = "";
  for (const piece of known) {
    const part = typeof piece === "string" ? piece : fieldText(scope, piece);
    if (part === null) return null;
    text += mode === "html" && typeof piece !== "string" ? htmlText(part) : part;
  }
  return text.length > maxOutputLength ? null : text;
}

function remember(source: string): Piece[] | "not plain" {
  const read = readPieces(source) ?? "not plain";
  pieces.set(source, read);
  return read;
}

function readPieces(source: string): Piece[] | null {
  if (source.length > maxSourceLength || source.includes("{%")) return null;
  const found: Piece[] = [];
  let from = 0;
  for (let at = source.indexOf("{{"); at >= 0; at = source.indexOf("{{", from)) {
    output.lastIndex = at;
    const path = output.exec(source)?.[1]?.split(".");
    if (!path || found.length > maxTags || !roots.test(path[0] ?? "") || path.some((name) => computed.has(name)))
      return null;
    found.push(source.slice(from, at), path);
    from = output.lastIndex;
  }
  return [...found, source.slice(from)];
}

/** A field as text; null when it takes Liquid to say. */
function fieldText(scope: JsonObject, path: readonly string[]): string | null {
  let value: Json | undefined = scope;
  for (const name of path) {
    if (value === null || value === undefined) return "";
    if (!isJsonObject(value)) return null;
    value = Object.hasOwn(value, name) ? value[name] : undefined;
  }
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "number" ? String(value) : null;
}
