import { z } from "zod";
import { readIdentity, readProperties } from "../../core/contact-input.ts";
import { AppError, type Issue } from "../../core/errors.ts";
import { issuesOf } from "../../core/issues.ts";
import type { Json, JsonObject } from "../../core/json.ts";

export const maxPhones = 1000;

/** Fields of their own that clients send beside these are passed over. */
const body = z.object({
  phones: z.array(z.unknown()).min(1, "must have at least one phone number"),
  contact_data: z.object({ properties: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

export type ChatfuelContacts = { phones: string[]; contacts: { phone: string; properties: JsonObject }[] };

/**
 * The contacts that a body asks for, each phone with the one set of properties. Throws `invalid_request` with every broken phone and
 * property named.
 */
export function readContactsBody(value: Json): ChatfuelContacts {
  const parsed = body.safeParse(value);
  if (!parsed.success) throw refusal(issuesOf(parsed.error));
  const { phones, contact_data: data } = parsed.data;
  if (phones.length > maxPhones)
    throw refusal([
      { path: "phones", message: `must have at most ${maxPhones} phone numbers; these are ${phones.length}` },
    ]);
  const { properties, issues } = readProperties((data?.properties ?? {}) as JsonObject, "contact_data.properties");
  issues.push(...phones.flatMap(phoneIssues));
  if (issues.length > 0) throw refusal(issues);
  const given = phones as string[];
  return { phones: given, contacts: given.map((phone) => ({ phone: withPlus(phone), properties })) };
}

function phoneIssues(phone: unknown, index: number): (Issue & { phone?: string })[] {
  const path = `phones[${index}]`;
  if (typeof phone !== "string") return [{ path, message: 'must be text, such as "+14154449977"' }];
  const { issues } = readIdentity({ phone: withPlus(phone) });
  return issues.map(({ message }) => ({ path, phone: phone.slice(0, 64), message }));
}

/** Numbers come with their country code here, so one of digits alone lacks nothing but its plus. */
function withPlus(phone: string): string {
  return /^[1-9]\d+$/.test(phone.trim()) ? `+${phone.trim()}` : phone;
}

/** What the operation refused of a contact, told of its phone; any other error as it is. */
export function aboutPhones(error: unknown, phones: readonly string[]): unknown {
  if (!(error instanceof AppError && error.code === "invalid_request")) return error;
  const issues = error.issues.map((issue) => {
    const [, index, field = ""] = /^contacts\[(\d+)\]\.?(.*)$/.exec(issue.path) ?? [];
    if (index === undefined) return issue;
    const message = field === "phone" ? issue.message : `${field}: ${issue.message}`;
    return { path: `phones[${index}]`, phone: phones[Number(index)], message };
  });
  return refusal(issues);
}

function refusal(issues: Issue[]): AppError {
  const bad = issues.filter(({ path }) => /^phones\[/.test(path)).length;
  const message =
    bad === 0
      ? "The request is broken; nothing was stored."
      : `${bad} of the phone numbers cannot be; nothing was stored.`;
  return new AppError("invalid_request", message, { issues });
}
