import { XMLBuilder, XMLParser } from "fast-xml-parser";
import { isJsonObject, type Json } from "../../../core/json.ts";

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>';
const conventions = { ignoreAttributes: false, attributeNamePrefix: "@", textNodeName: "#text" } as const;
const builder = new XMLBuilder({ ...conventions, suppressBooleanAttributes: false, suppressEmptyNode: true });
// `htmlEntities` is what makes the parser read character references (`&#233;`); documents that declare entities are refused before.
const parser = new XMLParser({
  ...conventions,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  htmlEntities: true,
  maxNestedTags: 100,
});
const namePattern = /^[\p{L}_:][\p{L}\p{N}\p{M}_:.·-]*$/u;
// What may stand before the root element (XML 1.0, production 22), except a DOCTYPE.
const prologPattern = /^(?:\s|<\?[\s\S]*?\?>|<!--[\s\S]*?-->)*/;
// XML 1.0, production 2: all else must not appear in a document, not even as a character reference.
const notXml = /[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/**
 * Writes a JSON tree with one root as XML: a name that begins with `@` is an attribute, `#text` the text beside attributes, a list repeats
 * its element. Throws when a name cannot be one of XML.
 */
export function buildXml(tree: Json): string {
  if (!isJsonObject(tree) || Object.keys(tree).length !== 1) throw new Error("XML has exactly one root element.");
  if (Array.isArray(Object.values(tree)[0]))
    throw new Error("XML has exactly one root element; the root cannot be a list.");
  return builder.build(checkedTree(tree));
}

/** Removes the characters that XML 1.0 cannot hold. */
export function cleanXml(text: string): string {
  return text.replace(notXml, "");
}

/** Reads XML into the same form that `buildXml` takes; every value is text. Throws when it is broken, too deep or has a DOCTYPE. */
export function parseXml(text: string): Json {
  const prolog = prologPattern.exec(text)?.[0].length ?? 0;
  if (text.slice(prolog, prolog + 9).toUpperCase() === "<!DOCTYPE") throw new Error("XML with a DOCTYPE is not read.");
  return parser.parse(text, true) as Json;
}

function checkedTree(value: Json): Json {
  if (typeof value === "string") return cleanXml(value);
  if (Array.isArray(value)) return value.map(checkedTree);
  if (!isJsonObject(value)) return value ?? "";
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [checkedName(name), checkedTree(child)]));
}

function checkedName(name: string): string {
  if (name === "#text" || namePattern.test(name.startsWith("@") ? name.slice(1) : name)) return name;
  throw new Error(`"${name.slice(0, 100)}" cannot be the name of an XML element or attribute.`);
}
