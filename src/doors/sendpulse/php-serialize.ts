import type { Json, JsonObject } from "../../core/json.ts";

type Unserialized = { ok: true; value: Json } | { ok: false; message: string };

type Reader = { text: string; at: number; depth: number };

/** As deep as JSON from outside may nest. */
const maxDepth = 32;

class NotSerialized extends Error {}

/** Whether a text looks like what PHP's `serialize` writes. */
export function looksSerialized(text: string): boolean {
  return /^(?:a:\d+:\{|s:\d+:"|[id]:[-\d]|b:[01];|N;)/.test(text);
}

/**
 * Reads what PHP's `serialize` writes of nulls, booleans, numbers, texts and arrays, as SendPulse's node client imitates it; objects of
 * PHP classes are refused. An array whose keys count up from 0 becomes a list, any other an object. Takes time in proportion to the
 * text, whatever it says; never throws.
 */
export function readSerialized(text: string): Unserialized {
  const reader = { text, at: 0, depth: 0 };
  try {
    const value = readValue(reader);
    if (reader.at !== text.length) throw broken(reader, "the end");
    return { ok: true, value };
  } catch (error) {
    if (error instanceof NotSerialized) return { ok: false, message: error.message };
    throw error;
  }
}

function readValue(reader: Reader): Json {
  const type = reader.text[reader.at];
  reader.at += 1;
  if (type === "N") return readEnd(reader, null);
  skip(reader, ":");
  if (type === "b") return readEnd(reader, readUntil(reader, /[01]/y) === "1");
  // The client writes whole numbers beyond 1e21 with an exponent.
  if (type === "i" || type === "d") return readEnd(reader, readNumber(reader));
  if (type === "s") return readEnd(reader, readText(reader));
  if (type === "a") return readArray(reader);
  reader.at -= 2;
  throw broken(reader, "one of N, b, i, d, s and a");
}

function readNumber(reader: Reader): number {
  const number = Number(readUntil(reader, /-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,3})?/y));
  if (Number.isFinite(number)) return number;
  throw broken(reader, "a number that a 64-bit float can hold");
}

function readText(reader: Reader): string {
  const length = readLength(reader);
  skip(reader, '"');
  const from = reader.at;
  const { text } = reader;
  // The older client counts 3 bytes for each half of a surrogate pair, where UTF-8 has 4 for both.
  const end = [4, 6].map((pairBytes) => endOfText(text, { from, length, pairBytes })).find((at) => text[at] === '"');
  if (end === undefined) throw broken(reader, `a text of ${length} bytes in quotes`);
  reader.at = end + 1;
  return text.slice(from, end);
}

/** Where `length` bytes of UTF-8 end that begin at `from`; -1 when they end within a character, or there are not so many. */
function endOfText(
  text: string,
  { from, length, pairBytes }: { from: number; length: number; pairBytes: number },
): number {
  let at = from;
  let left = length;
  while (left > 0 && at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    at += code > 0xffff ? 2 : 1;
    left -= bytesOf(code, pairBytes);
  }
  return left === 0 ? at : -1;
}

function bytesOf(code: number, pairBytes: number): number {
  if (code > 0xffff) return pairBytes;
  if (code > 0x7ff) return 3;
  return code > 0x7f ? 2 : 1;
}

function readArray(reader: Reader): Json {
  const length = readLength(reader);
  skip(reader, "{");
  reader.depth += 1;
  if (reader.depth > maxDepth) throw broken(reader, `at most ${maxDepth} levels`);
  const fields: [string, Json][] = [];
  for (let read = 0; read < length; read += 1) fields.push([readKey(reader), readValue(reader)]);
  reader.depth -= 1;
  skip(reader, "}");
  const isList = fields.every(([key], index) => key === String(index));
  // Like this a key such as `__proto__` is a field like any other.
  return isList ? fields.map(([, value]) => value) : (Object.fromEntries(fields) as JsonObject);
}

function readKey(reader: Reader): string {
  const type = reader.text[reader.at];
  const key = type === "i" || type === "s" ? readValue(reader) : null;
  if (key === null) throw broken(reader, "a key");
  return String(key);
}

function readLength(reader: Reader): number {
  const length = Number(readUntil(reader, /\d{1,9}/y));
  skip(reader, ":");
  return length;
}

function readUntil(reader: Reader, pattern: RegExp): string {
  pattern.lastIndex = reader.at;
  const found = pattern.exec(reader.text)?.[0];
  if (found === undefined) throw broken(reader, "a number");
  reader.at += found.length;
  return found;
}

function readEnd<Value>(reader: Reader, value: Value): Value {
  skip(reader, ";");
  return value;
}

function skip(reader: Reader, expected: string): void {
  if (reader.text[reader.at] !== expected) throw broken(reader, expected);
  reader.at += 1;
}

function broken(reader: Reader, expected: string): NotSerialized {
  return new NotSerialized(`at character ${reader.at + 1} there should be ${expected}`);
}
