import { type Contact, type IdentityKind, identityKinds, mergeProperties } from "./contact.ts";
import {
  contactLimits,
  type IdentityInput,
  readIdentity,
  readProperties,
  readTags,
  settingIssues,
  sizeIssues,
} from "./contact-input.ts";
import { equalJson } from "./equal-json.ts";
import type { Issue } from "./errors.ts";
import type { Json, JsonObject } from "./json.ts";

/**
 * A change to a contact as a caller asks for it. What is missing stays; null clears an identity, the time zone or the locale, and removes
 * a property. `replaceProperties` takes all others away, but for those in `keepProperties`. `addToProperties` adds to properties that are
 * lists what is not in them; a property that is none becomes one. `tags` replaces all tags; `addTags` and `removeTags` come after it.
 */
export type ContactChangeInput = IdentityInput & {
  properties?: JsonObject | undefined;
  replaceProperties?: boolean | undefined;
  keepProperties?: readonly string[] | undefined;
  addToProperties?: Record<string, Json[]> | undefined;
  tags?: string[] | undefined;
  addTags?: string[] | undefined;
  removeTags?: string[] | undefined;
  timeZone?: string | null | undefined;
  locale?: string | null | undefined;
};

/** The change with everything in its normal form. A kind in `cleared` is to be taken away. */
export type ReadContactChange = {
  identity: Partial<Record<IdentityKind, string>>;
  cleared: IdentityKind[];
  input: ContactChangeInput;
  issues: Issue[];
};

/** Checks and normalises a change, all of its fields at once. */
export function readContactChange(input: ContactChangeInput, { required }: { required: boolean }): ReadContactChange {
  const { identity, issues } = readIdentity(input, { required });
  const properties = readProperties(input.properties ?? {});
  const added = readProperties(input.addToProperties ?? {});
  const tags = readTags(input.tags ?? []);
  const addTags = readTags(input.addTags ?? [], "addTags");
  const removeTags = readTags(input.removeTags ?? [], "removeTags");
  return {
    identity,
    cleared: identityKinds.filter((kind) => input[kind] === null),
    input: {
      ...input,
      properties: properties.properties,
      ...(input.tags ? { tags: tags.tags } : {}),
      addTags: addTags.tags,
      removeTags: removeTags.tags,
    },
    issues: [
      ...issues,
      ...properties.issues,
      ...added.issues,
      ...tags.issues,
      ...addTags.issues,
      ...removeTags.issues,
      ...settingIssues(input),
    ],
  };
}

type Fields = Pick<Contact, IdentityKind | "properties" | "tags" | "timeZone" | "locale">;

/** The contact after a change that was read, and what would then break a rule. */
export function changeContact<Of extends Fields>(
  contact: Of,
  { identity, cleared, input }: ReadContactChange,
): { contact: Of; issues: Issue[] } {
  const identities = Object.fromEntries(
    identityKinds.map((kind) => [kind, cleared.includes(kind) ? null : (identity[kind] ?? contact[kind])]),
  );
  const tags = new Set([...(input.tags ?? contact.tags), ...(input.addTags ?? [])]);
  for (const tag of input.removeTags ?? []) tags.delete(tag);
  const changed = {
    ...contact,
    ...identities,
    properties: changeProperties(contact.properties, input),
    tags: [...tags],
    timeZone: input.timeZone === undefined ? contact.timeZone : input.timeZone,
    locale: input.locale === undefined ? contact.locale : input.locale,
  };
  return { contact: changed, issues: [...sizeIssues(changed.properties, "properties"), ...ruleIssues(changed)] };
}

function changeProperties(old: JsonObject, input: ContactChangeInput): JsonObject {
  const { replaceProperties, keepProperties = [], properties = {}, addToProperties = {} } = input;
  const kept = replaceProperties
    ? Object.fromEntries(Object.entries(old).filter(([name]) => keepProperties.includes(name)))
    : old;
  const changed = mergeProperties(kept, properties);
  for (const [name, values] of Object.entries(addToProperties)) {
    const present = changed[name];
    const list = Array.isArray(present) ? present : [];
    const missing = values.filter(
      (value, index) => ![...list, ...values.slice(0, index)].some((own) => equalJson(own, value)),
    );
    if (missing.length > 0) changed[name] = [...list, ...missing];
  }
  return changed;
}

function ruleIssues(contact: Fields): Issue[] {
  const issues: Issue[] = [];
  if (contact.tags.length > contactLimits.tags)
    issues.push({
      path: "addTags",
      message: `A contact has at most ${contactLimits.tags} tags; it would have ${contact.tags.length}.`,
    });
  if (identityKinds.every((kind) => contact[kind] === null))
    issues.push({ path: "", message: "The contact would have no external id, e-mail or phone left." });
  return issues;
}
