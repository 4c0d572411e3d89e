import type { Context } from "liquidjs";
import { currentOutput, valueText } from "./output.ts";

const htmlEntities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const htmlSpecial = /[&<>"']/g;
const absoluteUrl = /^https?:\/\/[^/?#\s]/i;
const loneSurrogate = /\p{Surrogate}/gu;
const lineBreaks = /[\t\r\n\u0085\u2028\u2029]+/g;
const controls = /\p{Cc}/gu;

type Escape = (this: { context: Context }, value: unknown) => string;

/** A value as text for HTML content and quoted attribute values. */
export const escapeHtml: Escape = function escapeHtml(value) {
  return htmlText(valueText(this.context.memoryLimit, value));
};

/** Text with the characters escaped that mean something in HTML. */
export function htmlText(text: string): string {
  return text.replace(htmlSpecial, (character) => htmlEntities[character] ?? "");
}

/**
 * A value as one component of a URL (RFC 3986, section 2.1). Only a value that opens the template and is itself an absolute
 * http(s) URL keeps its scheme, host and path: there it cannot change the meaning of anything written before it.
 */
export const escapeUrl: Escape = function escapeUrl(value) {
  const text = valueText(this.context.memoryLimit, value).replace(loneSurrogate, "\ufffd");
  const output = currentOutput(this.context);
  const opens = !output.isCapture && output.buffer.trim() === "";
  if (!opens || !absoluteUrl.test(text.trim())) return encodeURIComponent(text);
  return encodeURI(text.trim()).replace(/%25(?=[0-9a-f]{2})/gi, "%");
};

/** A value for a JSON document: as escaped text inside quotes, as a JSON literal outside them, so that no value can add members. */
export const escapeJson: Escape = function escapeJson(value) {
  const output = currentOutput(this.context);
  // What a capture holds is escaped where it is put out.
  if (output.isCapture) return valueText(this.context.memoryLimit, value);
  if (!output.insideString) return jsonText.call(this, value);
  return JSON.stringify(valueText(this.context.memoryLimit, value)).slice(1, -1);
};

/** A value as a JSON literal; `null` for what JSON cannot say. */
export const jsonText: Escape = function jsonText(value) {
  return JSON.stringify(value) ?? "null";
};

/** The same for `| json` in a JSON template: inside quotes it is the literal as escaped text. */
export const jsonInPlace: Escape = function jsonInPlace(value) {
  const output = currentOutput(this.context);
  const text = jsonText.call(this, value);
  return !output.isCapture && output.insideString ? JSON.stringify(text).slice(1, -1) : text;
};

/** Text that is safe as the value of a mail or HTTP header: one line, no control characters (RFC 5322, section 2.2). */
export function cleanHeader(text: string): string {
  return text.replace(lineBreaks, " ").replace(controls, "").trim();
}
