import { isJsonObject, type Json } from "../../../core/json.ts";

export type Redact = <Value extends Json>(value: Value) => Value;

// Shorter than this, a value would be found everywhere by chance.
const minLength = 4;

// The forms of one workspace's secrets are the same in call after call, and finding them costs as much as the rest of a small call.
const maxCached = 200;
const cache = new Map<string, Redact>();

/**
 * Makes a function that replaces secrets by `[secret:<name>]` in any JSON: in keys and values, in plain and in URL-, form-, JSON-, HTML-,
 * hex- and base64-encoded form, also as a part of longer base64 text. Secrets of fewer than 4 characters are not looked for.
 */
export function createRedactor(secrets: Record<string, string>): Redact {
  const key = JSON.stringify(secrets);
  const known = cache.get(key);
  if (known) return known;
  const redact = makeRedactor(secrets);
  const oldest = cache.size === maxCached ? cache.keys().next().value : undefined;
  if (oldest !== undefined) cache.delete(oldest);
  cache.set(key, redact);
  return redact;
}

function makeRedactor(secrets: Record<string, string>): Redact {
  const names = new Map<string, string>();
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of secret.length < minLength ? [] : encodedForms(secret)) names.set(form, name);
  }
  if (names.size === 0) return (value) => value;
  const pattern = anyOf([...names.keys()], "g");
  const inJson = anyOf(
    [...names.keys()].map((form) => JSON.stringify(form).slice(1, -1)),
    "",
  );
  const replace = (text: string) => text.replace(pattern, (found) => `[secret:${names.get(found)}]`);
  // Nearly always there is nothing to redact, and one search through the text of it all is enough to know.
  return (value) => (inJson.test(JSON.stringify(value)) ? (redactJson(value, replace) as typeof value) : value);
}

function anyOf(texts: string[], flags: string): RegExp {
  // The longest first: one secret may be the beginning of another.
  const sorted = texts.sort((left, right) => right.length - left.length);
  return new RegExp(sorted.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), flags);
}

function redactJson(value: Json, replace: (text: string) => string): Json {
  if (typeof value === "string") return replace(value);
  if (typeof value === "number") return replace(String(value)) === String(value) ? value : replace(String(value));
  if (Array.isArray(value)) return value.map((item) => redactJson(item, replace));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [replace(name), redactJson(child, replace)]));
}

function encodedForms(secret: string): Set<string> {
  const wellFormed = secret.replace(/\p{Surrogate}/gu, "\ufffd");
  const bytes = Buffer.from(secret, "utf8");
  const percent = encodeURIComponent(wellFormed);
  const html = secret
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
  const base64 = [0, 1, 2].map((offset) => base64Core(bytes, offset)).filter((core) => core.length >= minLength * 2);
  const forms = [
    secret,
    encodeURI(wellFormed),
    percent,
    percent.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams([["", wellFormed]]).toString().slice(1),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString("latin1"),
    html.replaceAll("'", "&#39;"),
    html.replaceAll("'", "&apos;"),
    bytes.toString("base64"),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    bytes.toString("hex"),
    ...base64,
    ...base64.map((core) => core.replaceAll("+", "-").replaceAll("/", "_")),
  ];
  return new Set(forms);
}

/** The characters of base64 that depend on the secret alone when `offset` bytes stand before it, as in Basic credentials. */
function base64Core(secret: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), secret])
    .toString("base64")
    .replace(/=+$/, "");
  const end = Math.floor(((offset + secret.length) * 8) / 6);
  return text.slice(Math.ceil((offset * 8) / 6), end);
}
