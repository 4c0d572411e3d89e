import type { Issue } from "./errors.ts";
import { fitProperties } from "./fit-properties.ts";
import type { JsonObject } from "./json.ts";
import type { ListField } from "./list-field.ts";

export type ImportedContact = { email: string; phone?: string; externalId?: string; properties: JsonObject };

/**
 * What a row of an import says of a contact: `email`, `phone` and `externalId` are identities, anything else properties, read as the list's
 * fields have them. Empty values say nothing.
 */
export function readImportRow(
  row: JsonObject,
  fields: readonly ListField[],
): { contact: ImportedContact; issues: Issue[] } {
  const given = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== ""));
  const { email = "", phone, externalId, ...rest } = given;
  const { properties, issues } = fitProperties(rest, fields);
  const contact = {
    email: String(email),
    ...(phone === undefined ? {} : { phone: String(phone) }),
    ...(externalId === undefined ? {} : { externalId: String(externalId) }),
    properties,
  };
  return { contact, issues: email === "" ? [{ path: "email", message: "must be there" }, ...issues] : issues };
}
