import type { IdentityKind } from "../core/contact.ts";
import { readIdentity } from "../core/contact-input.ts";
import { AppError } from "../core/errors.ts";
import { isUuid } from "../core/id.ts";
import { type ContactRecord, findContact } from "../storage/contact-reads.ts";
import type { Queryable } from "../storage/database.ts";
import { findIdentities } from "../storage/identities.ts";
import { type ContactView, viewContact } from "./contact-view.ts";
import { type Caller, type Platform, requireScope } from "./platform.ts";
import { type Identity, identityRows } from "./resolve-contacts.ts";

export type ContactAddress = { by: "id" | IdentityKind; value: string };

/** The contact known by an id or identity. Throws `contact_not_found`, also for an identity that nobody could have. */
export async function getContact(platform: Platform, caller: Caller, address: ContactAddress): Promise<ContactView> {
  requireScope(caller, "contacts:read");
  const contact = await lookUpContact(platform.sql, caller.workspaceId, address);
  if (!contact) throw new AppError("contact_not_found", `There is no contact with the ${address.by} given.`);
  return viewContact(platform.sql, contact);
}

async function lookUpContact(
  sql: Queryable,
  workspaceId: string,
  { by, value }: ContactAddress,
): Promise<ContactRecord | undefined> {
  if (by === "id") return isUuid(value) ? findContact(sql, { workspaceId, id: value }) : undefined;
  const { identity, issues } = readIdentity({ [by]: value });
  if (issues.length > 0) return undefined;
  const [owner] = await findOwners(sql, workspaceId, identity);
  return owner === undefined ? undefined : findContact(sql, { workspaceId, id: owner });
}

/** The ids of the contacts that own these identities, by precedence; one may come more than once. */
export async function findOwners(sql: Queryable, workspaceId: string, identity: Identity): Promise<string[]> {
  const rows = identityRows(workspaceId, identity);
  const owned = await findIdentities(sql, rows);
  return rows.flatMap(({ kind }) => owned.find((row) => row.kind === kind)?.contactId ?? []);
}
