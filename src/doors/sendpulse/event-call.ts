import { AppError, type Issue } from "../../core/errors.ts";
import { joinPath } from "../../core/issues.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";

/** What the body of an event call says. `payload` is all of it but `automation_id`. */
export type EventCall = {
  contact: { email: string | null; phone: string | null };
  automation: number | null;
  payload: JsonObject;
};

/**
 * Reads the body of an event call. Forms know no numbers, so a text of digits is one there. Throws `invalid_request` when neither email nor
 * phone is given as text, and when `automation_id` is anything but a number at the top level.
 */
export function readEventCall(body: Json, { isForm }: { isForm: boolean }): EventCall {
  if (!isJsonObject(body)) throw refused("", "The body must be a JSON object or a form.");
  const { automation, payload } = takeAutomation(body);
  const email = readEmail(body["email"]);
  const phone = readPhone(body["phone"]);
  if (email === null && phone === null)
    throw refused("email", "An event needs the email or the phone of its contact, as text.");
  const nested = findNested(payload);
  if (nested !== null)
    throw refused(joinPath("", nested), "automation_id must stand at the top level, outside of arrays and objects.");
  // Form decoding makes the `+` of a phone a space.
  if (typeof payload["phone"] === "string") payload["phone"] = payload["phone"].replace(/^ (?=\d)/, "+");
  return { contact: { email, phone }, automation: readAutomation(automation, isForm), payload };
}

/** Most calls have none, and their body is the payload as it is: a copy of an object costs more than reading it did. */
function takeAutomation(body: JsonObject): { automation: Json | undefined; payload: JsonObject } {
  if (!Object.hasOwn(body, "automation_id")) return { automation: undefined, payload: body };
  const { automation_id: automation, ...payload } = body;
  return { automation, payload };
}

/** SendPulse's callers write "" and null for what they do not have. */
function isAbsent(value: Json | undefined): value is null | undefined | "" {
  return value === undefined || value === null || value === "";
}

function readEmail(value: Json | undefined): string | null {
  if (isAbsent(value)) return null;
  if (typeof value === "string") return value.trim() === "" ? null : value.trim();
  throw refused("email", "email must be text.");
}

/** They also write phones as digits alone, with the country code and without `+`. */
function readPhone(value: Json | undefined): string | null {
  if (isAbsent(value)) return null;
  if (typeof value !== "string" && typeof value !== "number") throw refused("phone", "phone must be text.");
  const text = String(value);
  if (text.trim() === "") return null;
  const digits = text.replace(/[\s().-]/g, "");
  return /^[1-9]\d{6,14}$/.test(digits) ? `+${digits}` : text;
}

function readAutomation(value: Json | undefined, isForm: boolean): number | null {
  if (value === undefined || value === null || (isForm && value === "")) return null;
  const number = isForm && typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number > 0) return number;
  const found = typeof value === "string" ? "text" : Array.isArray(value) ? "an array" : "no such number";
  throw refused("automation_id", `automation_id must be a whole number, the number of a flow; this is ${found}.`);
}

/** Where an automation_id is: one that stands deeper would pick nothing, and its sender would wait for a flow that never starts. */
function findNested(value: Json): (string | number)[] | null {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const found = findNested(value[index] as Json);
      if (found) return [index, ...found];
    }
    return null;
  }
  for (const name in value) {
    const found = name === "automation_id" ? [] : findNested(value[name] as Json);
    if (found) return [name, ...found];
  }
  return null;
}

function refused(path: string, message: string): AppError {
  const issues: Issue[] = [{ path, message }];
  return new AppError("invalid_request", message, { issues });
}
