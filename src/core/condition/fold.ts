const ascii = /^[\0-\x7f]*$/;
const foldable = /[A-Z\u00c0-\u1eff]/g;

/** Latin-1, Latin Extended A and B, Greek, Cyrillic with Armenian, and Latin Extended Additional, which has the letters of Vietnamese. */
const blocks = [
  [0x00c0, 0x00ff],
  [0x0100, 0x017f],
  [0x0180, 0x024f],
  [0x0370, 0x03ff],
  [0x0400, 0x0556],
  [0x1e00, 0x1eff],
] as const;

/** Letters whose lower case is not one letter, or depends on their place in the word. */
const exceptions = [
  ["İ", "i"],
  ["ς", "σ"],
] as const;

/**
 * Upper-case letters outside ASCII and what they are compared as. A table of our own, because the case tables of Node.js, of ICU and of
 * the C library differ by version, and a segment must hold the same contacts on all of them. `staffetta_fold` in SQL has the same table.
 */
export const foldTable: ReadonlyMap<string, string> = new Map([...blocks.flatMap(pairsOf), ...exceptions]);

/** `text` with upper-case letters turned to lower case, letter by letter. Accents are kept, and no Unicode normalization is done. */
export function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  return text.replace(foldable, (letter) => (letter <= "Z" ? letter.toLowerCase() : (foldTable.get(letter) ?? letter)));
}

function pairsOf([first, last]: readonly [number, number]): [string, string][] {
  const letters = Array.from({ length: last - first + 1 }, (_, index) => String.fromCharCode(first + index));
  return letters
    .map((letter): [string, string] => [letter, letter.toLowerCase()])
    .filter(([letter, lower]) => lower !== letter && lower.length === 1);
}
