import { STATUS_CODES, validateHeaderValue } from "node:http";
import type { ExpressAnswer, ExpressCall } from "../../doors/door.ts";

/** `isLast`: whether the connection ends with it; else how many seconds it is kept when nothing comes. */
export type AnswerEnd = { isLast: boolean; keepAliveSeconds: number };

/** `encoding`: latin1 where that is the same as UTF-8, for Node writes it several times faster. */
export type AnswerText = { text: string; encoding: "latin1" | "utf8" };

/** An answer as it goes over the wire, with the fields that Node writes of itself. Throws where a value of the answer cannot be in a header; the id, by `requestIdOf`, can. */
export function answerText(
  { id, answerHeaders }: Pick<ExpressCall, "id" | "answerHeaders">,
  { status, headers, body }: ExpressAnswer,
  { isLast, keepAliveSeconds }: AnswerEnd,
): AnswerText {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  const own = `x-request-id: ${id}\r\nx-content-type-options: nosniff\r\ncontent-length: ${length}\r\n`;
  const fields = `${own}${fieldsText(answerHeaders)}${fixedText(headers)}`;
  const end = isLast ? "Connection: close" : `Connection: keep-alive\r\nKeep-Alive: timeout=${keepAliveSeconds}`;
  return {
    text: `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${fields}Date: ${dateText()}\r\n${end}\r\n\r\n${text}`,
    encoding: length === text.length ? "latin1" : "utf8",
  };
}

const fixed = new WeakMap<readonly string[], string>();

/** The text of fields that are the same list for every call of a route, made once. */
function fixedText(fields: readonly string[]): string {
  const known = fixed.get(fields);
  if (known !== undefined) return known;
  const text = fieldsText(fields);
  fixed.set(fields, text);
  return text;
}

/** `fields`: names and values in turn. */
function fieldsText(fields: readonly string[]): string {
  let text = "";
  for (let index = 0; index < fields.length; index += 2) {
    const [name = "", value = ""] = [fields[index], fields[index + 1]];
    validateHeaderValue(name, value);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

let shown = { second: 0, text: "" };

function dateText(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== shown.second) shown = { second, text: new Date(second * 1000).toUTCString() };
  return shown.text;
}
