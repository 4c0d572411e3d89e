const unstorable = /\0|\p{Surrogate}/u;

/** False for text that PostgreSQL cannot keep: with U+0000 or half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !unstorable.test(text);
}
