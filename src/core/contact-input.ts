import { isStorableText } from "./condition/storable-text.ts";
import { type IdentityKind, identityKinds } from "./contact.ts";
import type { Issue } from "./errors.ts";
import { joinPath } from "./issues.ts";
import type { JsonObject } from "./json.ts";
import { findJsonProblems } from "./json-problems.ts";
import { normalizeEmail } from "./message/address.ts";
import { type Normalized, normalizePhone } from "./phone.ts";
import { propertyNameSchema } from "./property-name.ts";
import { isTimeZone } from "./time.ts";

/** How much a contact can hold. Sizes are in bytes of JSON, lengths in characters. */
export const contactLimits = {
  propertiesBytes: 100_000,
  tags: 200,
  tagLength: 64,
  externalIdLength: 256,
  lists: 100,
} as const;

/** Identities as a caller gives them. */
export type IdentityInput = Partial<Record<IdentityKind, string | null | undefined>>;

const readers: Record<IdentityKind, (text: string) => Normalized> = {
  externalId: readExternalId,
  email: normalizeEmail,
  phone: (text) => normalizePhone(text),
};

/**
 * Brings identities to the form in which they are kept and compared; a null or missing one is left out. Unless `required` is false,
 * at least one must be there. Issue paths begin with `path`.
 */
export function readIdentity(
  input: IdentityInput,
  { path = "", required = true }: { path?: string; required?: boolean } = {},
): { identity: Partial<Record<IdentityKind, string>>; issues: Issue[] } {
  const identity: Partial<Record<IdentityKind, string>> = {};
  const issues: Issue[] = [];
  for (const kind of identityKinds) {
    const text = input[kind];
    if (text === undefined || text === null) continue;
    const read = readers[kind](text);
    if (read.ok) identity[kind] = read.value;
    else issues.push({ path: joinPath(path, [kind]), message: read.message });
  }
  const isNobody = required && issues.length === 0 && Object.keys(identity).length === 0;
  if (isNobody) issues.push({ path, message: "The contact must be named by externalId, email or phone." });
  return { identity, issues };
}

function readExternalId(text: string): Normalized {
  const value = text.trim();
  if (value === "") return { ok: false, message: "The external id is empty." };
  if (value.length > contactLimits.externalIdLength)
    return { ok: false, message: `The external id is longer than ${contactLimits.externalIdLength} characters.` };
  if (/\p{Cc}/u.test(value) || !isStorableText(value))
    return { ok: false, message: "The external id has a control character or half of a surrogate pair." };
  return { ok: true, value };
}

/** Checks names, content and size of properties; null, which removes a property, is a value like the others here. */
export function readProperties(input: JsonObject, path = "properties"): { properties: JsonObject; issues: Issue[] } {
  const issues = findJsonProblems(input, { checkText: true }).map((issue) => ({
    ...issue,
    path: under(path, issue.path),
  }));
  for (const name of Object.keys(input)) {
    const parsed = propertyNameSchema.safeParse(name);
    if (parsed.success) continue;
    const message = parsed.error.issues.map((issue) => issue.message).join(", ");
    issues.push({ path: joinPath(path, [name.slice(0, 100)]), message: `The name of a property ${message}.` });
  }
  if (issues.length === 0) issues.push(...sizeIssues(input, path));
  return { properties: input, issues };
}

/** The issue of properties that are too large together, if they are. */
export function sizeIssues(properties: JsonObject, path: string): Issue[] {
  const text = JSON.stringify(properties);
  // A UTF-16 unit is at most three bytes of UTF-8: most properties need no counting.
  if (text.length * 3 <= contactLimits.propertiesBytes) return [];
  const { length } = new TextEncoder().encode(text);
  if (length <= contactLimits.propertiesBytes) return [];
  const message = `The properties of a contact are at most ${contactLimits.propertiesBytes} bytes of JSON; these would be ${length}.`;
  return [{ path, message }];
}

/** Tags, trimmed and each once. */
export function readTags(input: readonly string[], path = "tags"): { tags: string[]; issues: Issue[] } {
  const tags = [...new Set(input.map((tag) => tag.trim()))];
  const issues = input.flatMap((tag, index) => {
    const message = tagProblem(tag.trim());
    return message === null ? [] : [{ path: joinPath(path, [index]), message }];
  });
  if (tags.length > contactLimits.tags)
    issues.push({ path, message: `A contact has at most ${contactLimits.tags} tags.` });
  return { tags, issues };
}

function tagProblem(tag: string): string | null {
  if (tag === "") return "A tag must not be empty.";
  if (tag.length > contactLimits.tagLength) return `A tag is at most ${contactLimits.tagLength} characters long.`;
  return isStorableText(tag) ? null : "A tag must not contain U+0000 or half of a surrogate pair.";
}

/** What is wrong with a time zone (IANA name) and a locale (BCP 47 tag), where they are given. */
export function settingIssues({
  timeZone,
  locale,
}: {
  timeZone?: string | null | undefined;
  locale?: string | null | undefined;
}): Issue[] {
  const issues: Issue[] = [];
  if (timeZone && !isTimeZone(timeZone))
    issues.push({ path: "timeZone", message: "must be the IANA name of a time zone, such as Europe/Rome" });
  if (locale && !/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$/.test(locale))
    issues.push({ path: "locale", message: "must be a language tag, such as it or pt-BR" });
  return issues;
}

function under(path: string, rest: string): string {
  if (rest === "") return path;
  return rest.startsWith("[") || path === "" ? `${path}${rest}` : `${path}.${rest}`;
}
