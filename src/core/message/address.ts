import type { Normalized } from "../phone.ts";

/** A mailbox: the address in its normal form, and the name people see beside it. */
export type Address = { address: string; name?: string };

/** Limits of RFC 5321, section 4.5.3.1, in bytes; the whole is 256 with the angle brackets. */
const localPartLimit = 64;
const addressLimit = 254;
const nameLimit = 256;

/** Most addresses: valid, and in their normal form already. Whatever else one may be made of is looked at part by part. */
const plainPattern = /^(?=.{1,64}@)[a-z\d_-]+(?:[.+][a-z\d_-]+)*@(?:[a-z\d]{1,63}\.)+[a-z]{2,63}$/;
const localPartPattern =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~\p{L}\p{M}\p{N}-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~\p{L}\p{M}\p{N}-]+)*$/u;
const labelPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const asciiPattern = /^[\x20-\x7e]*$/;
const controlPattern = /[\p{Cc}\u2028\u2029]/u;

/**
 * The one form in which an e-mail address is kept and compared: trimmed, lower case (local part too), the domain in
 * ASCII (IDNA). Refuses what cannot be sent to over SMTP, with a sentence that names the broken rule.
 */
export function normalizeEmail(text: string): Normalized {
  if (text.length <= addressLimit && plainPattern.test(text)) return { ok: true, value: text };
  const trimmed = text.trim();
  // Also a guard: nothing below ever sees a text of megabytes.
  if (trimmed.length > addressLimit * 2) return refuse(`is longer than ${addressLimit} characters`);
  const at = trimmed.lastIndexOf("@");
  if (at < 0) return refuse("has no @");
  const given = trimmed.slice(0, at);
  const localPart = (asciiPattern.test(given) ? given : given.normalize("NFC")).toLowerCase();
  const problem = localPartProblem(localPart);
  if (problem) return refuse(problem);
  const domain = normalizeDomain(trimmed.slice(at + 1));
  if (domain === null) return refuse("has a domain that cannot exist");
  const value = `${localPart}@${domain}`;
  if (byteLength(value) > addressLimit) return refuse(`is longer than ${addressLimit} characters`);
  return { ok: true, value };
}

/**
 * Reads one mailbox as people write it: `a@b.example`, `Anna <a@b.example>` or `"Last, First" <a@b.example>`.
 * The address comes back in its normal form.
 */
export function parseAddress(text: string): { ok: true; value: Address } | { ok: false; message: string } {
  const trimmed = text.trim();
  if (!trimmed.endsWith(">")) return mailbox(trimmed, "");
  const open = trimmed.lastIndexOf("<");
  if (open < 0) return refuse("has a > without a <");
  return mailbox(trimmed.slice(open + 1, -1), unquote(trimmed.slice(0, open).trim()));
}

/** The part of a normal address behind the @. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

function mailbox(address: string, name: string): ReturnType<typeof parseAddress> {
  const email = normalizeEmail(address);
  if (!email.ok) return email;
  if (controlPattern.test(name))
    return { ok: false, message: "The name beside the e-mail address has a line break or a control character." };
  if (name.length > nameLimit)
    return { ok: false, message: `The name beside the e-mail address is longer than ${nameLimit} characters.` };
  return { ok: true, value: name === "" ? { address: email.value } : { address: email.value, name } };
}

function unquote(name: string): string {
  if (name.length < 2 || !name.startsWith('"') || !name.endsWith('"')) return name;
  return name.slice(1, -1).replace(/\\(.)/g, "$1").trim();
}

function localPartProblem(localPart: string): string | null {
  if (localPart === "") return "has nothing before the @";
  if (byteLength(localPart) > localPartLimit) return `has more than ${localPartLimit} characters before the @`;
  return localPartPattern.test(localPart) ? null : "has characters before the @ that an address cannot have";
}

function normalizeDomain(text: string): string | null {
  const domain = text.toLowerCase();
  const ascii = asciiPattern.test(domain) && !domain.includes("xn--") ? domain : toAscii(domain);
  if (ascii === null || ascii.length > 253) return null;
  const labels = ascii.split(".");
  const last = labels.at(-1) ?? "";
  // A numeric last label is an IPv4 address or a typing error, never a domain (RFC 3696, section 2).
  const exists = labels.length > 1 && labels.every((label) => labelPattern.test(label)) && !/^\d+$/.test(last);
  return exists ? ascii : null;
}

function toAscii(domain: string): string | null {
  // The URL parser would read these as port, path, user or escapes.
  if (/[/:?#@%\\[\]\s]/.test(domain) || !URL.canParse(`http://${domain}`)) return null;
  return new URL(`http://${domain}`).hostname;
}

function byteLength(text: string): number {
  return asciiPattern.test(text) ? text.length : new TextEncoder().encode(text).length;
}

function refuse(problem: string): { ok: false; message: string } {
  return { ok: false, message: `The e-mail address ${problem}.` };
}
