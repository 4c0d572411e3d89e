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

/** FNV-1a (32 bit) over UTF-16 units, finished by the mixer of MurmurHash3, so that two seeds give unrelated halves. */
function hash(text: string, seed: number): string {
  let value = seed;
  for (let i = 0; i < text.length; i += 1) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return ((value ^ (value >>> 16)) >>> 0).toString(16).padStart(8, "0");
}
