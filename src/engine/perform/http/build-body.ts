import { stringify as stringifyYaml } from "yaml";
import type { HttpBody, HttpPart } from "../../../core/http-request.ts";
import type { JsonObject } from "../../../core/json.ts";
import { render, renderValue } from "./render.ts";
import { buildXml, cleanXml, xmlDeclaration } from "./xml.ts";

export type Part =
  | { name: string; value: string }
  | { name: string; filename: string; contentType: string; bytes: Uint8Array }
  | RemotePart;
export type RemotePart = { name: string; filename: string | undefined; contentType: string | undefined; url: string };
export type BuiltBody =
  | { kind: "none"; contentType?: undefined }
  | { kind: "text"; contentType: string; text: string }
  | { kind: "multipart"; contentType?: undefined; parts: Part[] };

// Everything in quotes: many servers still read YAML 1.1, where a bare `no` is false and `1:30` is ninety.
const yamlOptions = {
  defaultStringType: "QUOTE_DOUBLE",
  defaultKeyType: "QUOTE_DOUBLE",
  lineWidth: 0,
  aliasDuplicateObjects: false,
} as const;
const base64Pattern = /^[A-Za-z0-9+/]*={0,2}$/;

/** Builds the body of a request with its content type. Throws an error with a sentence for people when it cannot be built. */
export function buildBody(body: HttpBody, scope: JsonObject): BuiltBody {
  switch (body.kind) {
    case "none":
      return { kind: "none" };
    case "json":
      return text("application/json", JSON.stringify(renderValue(body.value, scope)));
    case "form":
      return text("application/x-www-form-urlencoded", formText(body.fields, scope));
    case "multipart":
      return { kind: "multipart", parts: body.parts.map((part) => buildPart(part, scope)) };
    case "xml":
      return text("application/xml; charset=utf-8", xmlText(body.value, scope));
    case "yaml":
      return text("application/yaml", stringifyYaml(renderValue(body.value, scope), yamlOptions));
    case "text":
      return text("text/plain; charset=utf-8", render(body.value, scope, "text"));
  }
}

function text(contentType: string, value: string): BuiltBody {
  return { kind: "text", contentType, text: value };
}

function formText(fields: { name: string; value: string }[], scope: JsonObject): string {
  return new URLSearchParams(
    fields.map(({ name, value }): [string, string] => [render(name, scope, "text"), render(value, scope, "text")]),
  ).toString();
}

function xmlText(value: Extract<HttpBody, { kind: "xml" }>["value"], scope: JsonObject): string {
  // The escaping of HTML text and attribute values is that of XML, too.
  if (typeof value === "string") return cleanXml(render(value, scope, "html"));
  return xmlDeclaration + buildXml(renderValue(value, scope));
}

function buildPart(part: HttpPart, scope: JsonObject): Part {
  const name = render(part.name, scope, "text");
  if ("value" in part) return { name, value: render(part.value, scope, "text") };
  const contentType = part.contentType === undefined ? undefined : render(part.contentType, scope, "header");
  const filename = part.filename === undefined ? undefined : render(part.filename, scope, "text");
  if ("url" in part) return { name, filename, contentType, url: render(part.url, scope, "url") };
  return {
    name,
    filename: filename ?? name,
    contentType: contentType || "application/octet-stream",
    bytes: decodeBase64(part.base64, name, scope),
  };
}

function decodeBase64(source: string, name: string, scope: JsonObject): Uint8Array {
  const plain = render(source, scope, "text").replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/");
  // Buffer.from would skip what is not base64 in silence.
  if (!base64Pattern.test(plain) || plain.replaceAll("=", "").length % 4 === 1)
    throw new Error(`The file in part "${name}" is not base64.`);
  return Buffer.from(plain, "base64");
}
