import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from "libphonenumber-js/min";

/** A text brought into the form in which it is kept and compared, or a sentence that says why that cannot be done. */
export type Normalized = { ok: true; value: string } | { ok: false; message: string };

const textLimit = 64;

/**
 * The one form in which a phone number is kept and compared: E.164 (`+393331234567`). A number without a country code is read as one
 * of `defaultCountry` (ISO 3166, two letters); without that it must start with `+` or `00`.
 */
export function normalizePhone(text: string, defaultCountry?: string): Normalized {
  if (text.length > textLimit)
    return { ok: false, message: `The phone number is longer than ${textLimit} characters.` };
  const country = knownCountry(defaultCountry);
  const number = withPlus(text);
  if (!number.startsWith("+") && country === undefined) {
    return { ok: false, message: "The phone number needs its country code, for example +393331234567." };
  }
  const parsed = parsePhoneNumberFromString(number, {
    extract: false,
    ...(country === undefined ? {} : { defaultCountry: country }),
  });
  if (!parsed?.isPossible() || parsed.ext !== undefined)
    return { ok: false, message: "The phone number cannot exist: its length or country code is wrong." };
  return { ok: true, value: parsed.number };
}

/** Puts the `+` back that form decoding made a space, and writes the international prefix `00` as `+`. */
function withPlus(text: string): string {
  const trimmed = text.trim().replace(/^\(\+(\d+)\)/, "+$1");
  if (/^\s\d/.test(text)) return `+${trimmed}`;
  return /^00[1-9]/.test(trimmed) ? `+${trimmed.slice(2)}` : trimmed;
}

function knownCountry(country: string | undefined): CountryCode | undefined {
  const upper = country?.toUpperCase();
  return upper !== undefined && isSupportedCountry(upper) ? upper : undefined;
}
