import { hash32 } from "../hash.ts";

const maxLength = 200;

/**
 * The key that a rendered text stands for: trimmed, without what cannot be stored (the stored key must equal the one compared with
 * it), at most 200 characters. A longer text keeps its beginning, and a 64-bit hash of all of it tells it from others.
 */
export function runKey(text: string): string {
  const key = text
    .toWellFormed()
    .replace(/\p{Cc}/gu, " ")
    .trim();
  if (key.length <= maxLength) return key;
  return `${key.slice(0, maxLength - 17).toWellFormed()}~${hash(key, 0x811c9dc5)}${hash(key, 0x9e3779b9)}`;
}

function hash(text: string, seed: number): string {
  return hash32(text, seed).toString(16).padStart(8, "0");
}
