import { AppError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { ContactView } from "../../operations/contact-view.ts";
import type { UpsertContactInput } from "../../operations/plan-contacts.ts";
import type { ContactFields } from "./contact-schema.ts";

/** Properties of ours that are fields of a contact there; all others are its `meta`. */
const plainFields = ["first_name", "last_name", "external_url", "source"] as const;
const ownFields: readonly string[] = [...plainFields, "default_assignees"];

/**
 * A contact as our operations take it. What is missing stays. `replace` takes meta, tags and assignees, where they are given, in place of
 * what there is; otherwise they are merged with it, unless the contact says to overwrite.
 */
export function toUpsert(fields: ContactFields, { replace = false } = {}): UpsertContactInput {
  const { phone, email, external_id: externalId, meta, tags } = fields;
  const clearsMeta = meta !== undefined && (replace || fields.overwrite_meta === true);
  const tagChange = replace || fields.overwrite_tags === true ? { tags: tags ?? [] } : { addTags: tags ?? [] };
  return {
    ...(phone === undefined ? {} : { phone }),
    ...(email === undefined ? {} : { email: email === "" ? null : email }),
    ...(externalId === undefined ? {} : { externalId: externalId === "" ? null : externalId }),
    ...(clearsMeta ? { replaceProperties: true, keepProperties: ownFields } : {}),
    ...(tags === undefined ? {} : tagChange),
    ...assigneeChange(fields, replace),
  };
}

function assigneeChange(fields: ContactFields, replace: boolean): UpsertContactInput {
  const { default_assignees: assignees } = fields;
  const properties = propertiesOf(fields);
  if (assignees === undefined) return { properties };
  const overwrites = replace || fields.overwrite_default_assignees === true;
  if (!overwrites) return { properties, addToProperties: { default_assignees: assignees ?? [] } };
  return { properties: { ...properties, default_assignees: assignees?.length ? assignees : null } };
}

function propertiesOf(fields: ContactFields): JsonObject {
  const { meta } = fields;
  const taken = Object.keys(meta ?? {}).find((name) => ownFields.includes(name));
  if (taken !== undefined)
    throw new AppError("invalid_request", undefined, {
      issues: [{ path: "meta", message: `${taken} is a field of the contact itself.` }],
    });
  const plain = plainFields.flatMap((name): [string, Json][] => {
    const value = fields[name];
    return value === undefined ? [] : [[name, value === "" ? null : value]];
  });
  return { ...meta, ...Object.fromEntries(plain) };
}

/** A contact as this API shows it. */
export function showContact(contact: ContactView) {
  const { id, phone, email, externalId, properties, tags, createdAt, updatedAt } = contact;
  const own = (name: string) => properties[name] ?? null;
  return {
    ...{ id, phone, canonical_phone: phone, email, external_id: externalId },
    ...{ first_name: own("first_name"), last_name: own("last_name"), external_url: own("external_url") },
    source: own("source") ?? "website",
    meta: Object.fromEntries(Object.entries(properties).filter(([name]) => !ownFields.includes(name))),
    tags: tags.map((name) => ({ name })),
    default_assignees: properties["default_assignees"] ?? [],
    is_deleted: false,
    created_on: createdAt,
    last_updated_on: updatedAt,
  };
}
