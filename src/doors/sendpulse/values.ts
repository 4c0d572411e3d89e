import { AppError } from "../../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { refusal } from "./errors.ts";
import { readWireValue } from "./parameters.ts";

/** Routes of this door are not in our own reference. */
export const hidden = { schema: { hide: true } } as const;

/** So many addresses are taken in one call. */
export const maxEmails = 1000;
const maxPage = 100;
const maxOffset = 10_000_000;

/** Where a page begins and how long it is: 100 at most, which is also what absent, null and 0 mean. Throws `invalid_request`. */
export function readPage({ limit, offset }: JsonObject): { limit: number; offset: number } {
  const wanted = readCount(limit, "limit") || maxPage;
  return { limit: Math.min(wanted, maxPage), offset: Math.min(readCount(offset, "offset"), maxOffset) };
}

function readCount(value: Json | undefined, path: string): number {
  if (value === undefined || value === null || value === "") return 0;
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0) return number;
  throw broken(path, "must be a whole number, 0 or more");
}

/** A text that has to be there. Throws with SendPulse's number for its absence. */
export function readText(value: Json | undefined, path: string, errorCode = 8): string {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw refusal(errorCode, `${path} must be given as text.`, [{ path, message: "must be a text that is not empty" }]);
}

/** An object, in whatever form it was written; an empty list of PHP means an empty object. */
export function readObject(value: Json | undefined, path: string): JsonObject {
  const read = readWireValue(value, path);
  if (isJsonObject(read)) return read;
  if (read === null || (Array.isArray(read) && read.length === 0)) return {};
  throw broken(path, "must be an object");
}

/**
 * Addresses, in whatever form they were written: a list, one address, several with commas between; an item may be an object with
 * `email`. Throws `invalid_request` for none or too many.
 */
export function readEmails(value: Json | undefined, path = "emails"): string[] {
  return readItems(value, path).map((item, index) => {
    const email = isJsonObject(item) ? item["email"] : item;
    if (typeof email === "string" && email.trim() !== "") return email.trim();
    throw broken(`${path}[${index}]`, "must be an e-mail address");
  });
}

/** The items of a list of addresses as they are. Throws `invalid_request` for none or too many. */
export function readItems(value: Json | undefined, path: string): Json[] {
  const read = readWireValue(value, path);
  const items = typeof read === "string" ? read.split(",").map((part) => part.trim()) : listOf(read);
  const given = items.filter((item) => item !== "" && item !== null);
  if (given.length === 0)
    throw refusal(11, "No e-mail addresses were given.", [{ path, message: "must not be empty" }]);
  if (given.length > maxEmails) throw broken(path, `must be at most ${maxEmails}`);
  return given;
}

function listOf(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  if (!isJsonObject(value)) return value === null ? [] : [value];
  // One object by itself, or a list whose keys have gaps, which PHP writes as an object.
  return Object.hasOwn(value, "email") ? [value] : Object.values(value);
}

/** A phone number: digits alone begin with their country code, as SendPulse writes them. */
export function readPhone(value: Json | undefined, path: string): string {
  const text = typeof value === "number" ? String(value) : readText(value, path);
  return /^[1-9]\d+$/.test(text) ? `+${text}` : text;
}

/** An instant as SendPulse shows it: `2026-03-01 10:00:00`, in UTC. */
export function showDate(at: Date): string {
  return at.toISOString().slice(0, 19).replace("T", " ");
}

/** A day, or an instant of one, in UTC; undefined when absent. Throws `invalid_request`. */
export function readDate(value: Json | undefined, path: string): Date | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const text = typeof value === "string" ? value.trim() : "";
  const [, day, time = "00:00:00"] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d))?$/.exec(text) ?? [];
  const at = new Date(`${day}T${time}Z`);
  // A day that no month has would roll over into the next.
  if (Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== day || at.getTime() < 0)
    throw broken(path, "must be a day such as 2026-03-01, with or without a time such as 10:00:00");
  return at;
}

/** The error of a parameter that breaks a rule. */
export function broken(path: string, message: string): AppError {
  return new AppError("invalid_request", `${path} ${message}.`, { issues: [{ path, message }] });
}
