import { fold } from "../condition/fold.ts";

/** Text as keywords are compared: case does not count, nor how many spaces there are, nor those at its ends. Accents do. */
export function plainText(text: string): string {
  return fold(text.normalize("NFC")).replace(/\s+/gu, " ").trim();
}
