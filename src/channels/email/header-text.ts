const lineLimit = 76;
/** An encoded word is at most 75 characters (RFC 2047, section 2); `=?UTF-8?Q?` and `?=` take 12 of them. */
const wordLimit = 60;
const plainPattern = /^[\x20-\x7e]*$/;

/** One header line, folded, ended by CRLF. `value` is written as it is: encode it first. */
export function headerLine(name: string, value: string): string {
  return `${fold(`${name}: ${value}`)}\r\n`;
}

/** A text as one line without control characters: line breaks and tabs become spaces, so no value can start a header of its own. */
export function oneLine(text: string): string {
  return /[\p{Cc}\u2028\u2029]/u.test(text) ? text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim() : text.trim();
}

/** An unstructured header value (RFC 5322) for any text: plain when it can be, else RFC 2047 encoded words. */
export function encodeText(text: string): string {
  // "=?" would be read as an encoded word; a word longer than a line could not be folded.
  const isPlain = plainPattern.test(text) && !text.includes("=?") && !/\S{900}/.test(text);
  return isPlain ? text : encodeWords(text);
}

/** A display name: an atom, a quoted string, or encoded words. */
export function encodeName(name: string): string {
  if (!plainPattern.test(name) || name.includes("=?") || name.length > 200) return encodeWords(name);
  return /^[\w ]*$/.test(name) ? name : `"${name.replace(/["\\]/g, "\\$&")}"`;
}

/** Breaks a header line before spaces, so that unfolding gives back the very same text (RFC 5322, section 2.2.3). */
function fold(line: string): string {
  if (line.length <= lineLimit) return line;
  let folded = "";
  let start = 0;
  while (line.length - start > lineLimit) {
    const cut = foldPlace(line, start);
    if (cut < 0) break;
    folded += `${line.slice(start, cut)}\r\n`;
    start = cut;
  }
  return folded + line.slice(start);
}

/** The last space at which the line that begins at `start` can end, or the first one beyond; -1 when there is none. */
function foldPlace(line: string, start: number): number {
  // Never right behind the name, and never where a line of blanks alone would arise.
  const first = start === 0 ? line.indexOf(": ") + 2 : start + 1;
  for (let at = Math.min(start + lineLimit, line.length - 1); at > first; at -= 1) if (isFoldable(line, at)) return at;
  for (let at = start + lineLimit; at < line.length; at += 1) if (isFoldable(line, at)) return at;
  return -1;
}

function isFoldable(line: string, at: number): boolean {
  return line[at] === " " && line[at - 1] !== " " && at + 1 < line.length && line[at + 1] !== " ";
}

function encodeWords(text: string): string {
  // A lone surrogate has no UTF-8: it becomes U+FFFD before anything is measured.
  const whole = Buffer.from(text).toString();
  const characters = [...whole];
  const isMostlyAscii = Buffer.byteLength(whole) < characters.length * 1.5;
  return isMostlyAscii ? quotedWords(characters) : base64Words(characters);
}

function quotedWords(characters: string[]): string {
  return encodedWords("Q", characters.map(quotedCharacter), (text) => text);
}

function base64Words(characters: string[]): string {
  return encodedWords("B", characters, (text) => Buffer.from(text).toString("base64"));
}

/** Packs pieces into encoded words without ever splitting a character (RFC 2047, section 5). */
function encodedWords(letter: "Q" | "B", pieces: string[], encode: (text: string) => string): string {
  const words: string[] = [];
  let word = "";
  let size = 0;
  const limit = letter === "Q" ? wordLimit : (wordLimit / 4) * 3;
  for (const piece of pieces) {
    const pieceSize = Buffer.byteLength(piece);
    if (size > 0 && size + pieceSize > limit) {
      words.push(`=?UTF-8?${letter}?${encode(word)}?=`);
      word = "";
      size = 0;
    }
    word += piece;
    size += pieceSize;
  }
  words.push(`=?UTF-8?${letter}?${encode(word)}?=`);
  return words.join(" ");
}

function quotedCharacter(character: string): string {
  if (/^[A-Za-z0-9!*+/-]$/.test(character)) return character;
  if (character === " ") return "_";
  return Buffer.from(character).toString("hex").toUpperCase().replace(/../g, "=$&");
}
